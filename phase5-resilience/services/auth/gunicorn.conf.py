"""gunicorn: one process; threads as many as requests may need at once."""

import os
from typing import Any

from auth.settings import Settings
from chassis import logs, serving

settings = Settings()
logs.set_up(settings.log_level)
os.umask(0o077)  # the database holds password and token hashes

globals().update(serving.SETTINGS)
listeners = (settings.bind, settings.operations_bind, settings.internal_bind)
bind = [address for address in listeners if address]
threads = settings.http_threads
pre_request = serving.pre_request


def post_worker_init(worker: Any) -> None:
    """End in an orderly way."""
    serving.say_farewell(worker, settings.drain_seconds, lambda: None)
