"""gunicorn: one process, and in it a greenlet for each socket and each request.

The only service that gevent patches: it has thousands of sockets that do nothing, and no database.
"""

# ruff: noqa: E402 - what is imported before the patch would keep threads and locks of the system

from gevent import monkey, spawn

monkey.patch_all()

import os
from typing import Any

from chassis import logs, serving
from chassis.descriptors import make_room
from realtime.settings import Settings

settings = Settings()
logs.set_up(settings.log_level)
os.umask(0o077)

globals().update(serving.SETTINGS)
worker_class = "gevent"
graceful_timeout = 3  # the sockets are closed by then; what is left are connections that wait
bind = [address for address in (settings.bind, settings.operations_bind) if address]
worker_connections = make_room(settings.sockets_max, settings.http_threads, 0).connections
pre_request = serving.pre_request


def post_worker_init(worker: Any) -> None:
    """Start what runs beside requests; at the end close the sockets."""
    app = worker.wsgi
    app.extensions["start"]()
    publisher = app.extensions["publisher"]
    serving.say_farewell(worker, settings.drain_seconds, publisher.close_all, spawn)
