"""gunicorn: one process, as many threads as requests may need at once."""

import os
from typing import Any

from chassis import logs, serving
from chassis.descriptors import make_room
from chat.settings import Settings

settings = Settings()
logs.set_up(settings.log_level)
os.umask(0o077)  # the database holds what people wrote

globals().update(serving.SETTINGS)
listeners = (settings.bind, settings.operations_bind, settings.internal_bind)
bind = [address for address in listeners if address]
threads = settings.http_threads
worker_connections = make_room(0, threads, settings.database_connections).connections
pre_request = serving.pre_request


def post_worker_init(worker: Any) -> None:
    """End in an orderly way."""
    serving.say_farewell(worker, settings.drain_seconds, lambda: None)
