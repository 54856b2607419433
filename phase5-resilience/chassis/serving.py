"""gunicorn, the same for every service: what its configuration takes over, and how it ends."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from gunicorn.glogging import Logger

from chassis.correlation import CarryingThread
from chassis.limits import BODY_MAX
from chassis.tracing import setup as tracing


class LibraryLogger(Logger):  # type: ignore[misc]  # has no types
    """gunicorn's own lines, handled as those of any other library."""

    def setup(self, cfg: Any) -> None:
        """Leave them to the root logger."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


SETTINGS: dict[str, Any] = {
    "logger_class": LibraryLogger,
    "workers": 1,
    "worker_class": "gthread",
    "keepalive": 15,
    "limit_request_line": 8190,  # a batch of a hundred ids fits
    "graceful_timeout": 7,
    "control_socket_disable": True,
    "forwarded_allow_ips": "",  # nobody in front: no header says who asks, or where we are
    "forwarder_headers": "",
    "worker_tmp_dir": "/dev/shm",  # noqa: S108 - gunicorn's heartbeat file belongs in memory
}


def pre_request(_worker: Any, request: Any) -> None:
    """End the connection after a body that is too long: it is refused unread.

    Left open, what has not been read would be taken for the next request.
    """
    length = dict(request.headers).get("CONTENT-LENGTH", "")
    if length.isdigit() and int(length) > BODY_MAX:
        request.force_close()


def in_a_thread(do: Callable[[], None]) -> None:
    """Begin to do something."""
    CarryingThread(target=do, name="farewell").start()


def say_farewell(
    worker: Any,
    drain_seconds: float,
    last: Callable[[], None],
    begin: Callable[[Callable[[], None]], object] = in_a_thread,
) -> None:
    """Make SIGTERM a farewell: not ready, a moment more of service, `last`, then exit.

    `begin` does it beside the rest: where a signal arrives nothing may wait.
    """
    app = worker.wsgi

    def farewell() -> None:
        time.sleep(drain_seconds)
        last()
        tracing.finish()
        worker.handle_exit(signal.SIGTERM, None)

    def on_sigterm(_signal: int, _frame: Any) -> None:
        if not app.extensions["stopping"].is_set():
            app.extensions["stopping"].set()
            begin(farewell)

    def at_once(_signal: int, _frame: Any) -> None:
        # An orderly exit would wait for the sockets' threads. What was acknowledged is on disk.
        os._exit(0)

    signal.signal(signal.SIGTERM, on_sigterm)
    signal.signal(signal.SIGINT, at_once)
    signal.signal(signal.SIGQUIT, at_once)
