"""gunicorn: one process; few alerts come, and they wait for each other."""

import os
from typing import Any

from chassis import logs, serving
from operations_bot.settings import Settings

settings = Settings()
logs.set_up(settings.log_level)
os.umask(0o077)

globals().update(serving.SETTINGS)
bind = [address for address in (settings.bind, settings.operations_bind) if address]
threads = 4
timeout = 60  # a notification may post many alerts, each with some requests
pre_request = serving.pre_request


def post_worker_init(worker: Any) -> None:
    """End in an orderly way."""
    serving.say_farewell(worker, settings.drain_seconds, lambda: None)
