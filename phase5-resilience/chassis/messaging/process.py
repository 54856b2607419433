"""A process that works until it is told to stop."""

import random
import signal
import sys
from collections.abc import Callable
from threading import Event

import structlog

from chassis import logs
from chassis.messaging.settings import WorkerSettings
from chassis.messaging.topology import TopologyMismatch
from chassis.tracing import setup as tracing

FIRST, LONGEST = 0.1, 5.0

log = structlog.get_logger()


class Backoff:
    """Seconds until the next try: twice as many each time, and less by chance."""

    def __init__(self) -> None:
        self._next = FIRST

    def reset(self) -> None:
        """Begin anew: it works."""
        self._next = FIRST

    def next(self) -> float:
        """Return how long to wait."""
        chosen = random.uniform(self._next / 2, self._next)  # noqa: S311 - no secret
        self._next = min(2 * self._next, LONGEST)
        return chosen


def until_stopped(name: str, settings: WorkerSettings, run: Callable[[Event], None]) -> int:
    """Run until SIGTERM or SIGINT; return the exit code: 1 if the broker has another topology.

    Traces show `name`.
    """
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    logs.set_up(settings.log_level, sys.stdout)
    tracing.set_up(name, settings)
    try:
        run(stopping)
    except TopologyMismatch as error:
        log.error("topology.mismatch", reason=str(error))  # noqa: TRY400 - the line says it all
        return 1
    finally:
        tracing.finish()
    return 0
