"""gunicorn: one process, as many threads as sockets and requests may need at once."""

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
room = make_room(settings.sockets_max, settings.http_threads, settings.database_connections)
threads = room.sockets + settings.http_threads
worker_connections = room.connections
pre_request = serving.pre_request


def post_worker_init(worker: Any) -> None:
    """Start what runs beside requests; at the end close the sockets."""
    app = worker.wsgi
    app.extensions["start"]()

    def close_sockets() -> None:
        app.extensions["publisher"].close_all()  # the floor of a bench has none

    serving.say_farewell(worker, settings.drain_seconds, close_sockets)
