"""Shedding load: who would wait for too long is told so at once.

How many requests are worked on at a time follows from how long they take: it grows by one while
there is use for it and they are quick, and shrinks by a fifth as soon as they are slow. TCP does so
with its window; after Netflix's concurrency-limits (AIMD).
"""

import threading
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import TYPE_CHECKING

import structlog

from chassis import context
from chassis.errors import Overloaded
from chassis.problems import from_domain

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

LEAST, SPARE = 8, 4
"""How many are always taken; and threads that are never used for it: they say no, and are asked
for health."""
WINDOW, ENOUGH = 0.25, 10
"""Seconds after which, and answers with which, it is judged how long they take."""
SHRINKS, USED = 0.8, 0.8
"""To which share the limit goes; and which share of it must have been used before it grows."""
NEVER = frozenset(["/healthz", "/readyz"])
"""What is never refused."""


class Limit:
    """How many requests there may be at once, between `least` and `most`; thread-safe.

    `patience` is how long (seconds) half of them may take.
    """

    def __init__(
        self,
        most: int,
        patience: float,
        least: int = LEAST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._least, self._most, self._patience = least, max(most, least), patience
        self._clock = clock
        self._lock = threading.Lock()
        self._present = float(self._most)
        self._in_flight = self._busiest = 0
        self._taken: list[float] = []
        self._began = clock()

    @property
    def present(self) -> int:
        """Return how many there may be now."""
        return int(self._present)

    def enter(self) -> None:
        """Take one in. Errors: `Overloaded`."""
        with self._lock:
            if self._in_flight >= self.present:
                raise Overloaded("There is more to do than can be done now.")
            self._in_flight += 1
            self._busiest = max(self._busiest, self._in_flight)

    def leave(self, seconds: float) -> None:
        """Let one go that has taken so long; judge, if it is time."""
        with self._lock:
            self._in_flight -= 1
            self._taken.append(seconds)
            if self._clock() - self._began >= WINDOW and len(self._taken) >= ENOUGH:
                self._judge()
                self._taken.clear()
                self._busiest, self._began = self._in_flight, self._clock()

    def _judge(self) -> None:
        if median(self._taken) > self._patience:
            before, self._present = self.present, max(self._present * SHRINKS, self._least)
            if before == self._most:
                log.warning("load.shed", limit=self.present)
        elif self._busiest >= self._present * USED:
            self._present = min(self._present + 1, self._most)


class Shedding:
    """WSGI middleware, around all that people ask for."""

    def __init__(self, app: "WSGIApplication", limit: Limit) -> None:
        self._app = app
        self._limit = limit

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request, or refuse it: that costs next to nothing."""
        if environ["PATH_INFO"] in NEVER:
            return self._app(environ, start_response)
        try:
            self._limit.enter()
        except Overloaded as error:
            return from_domain(error)(environ, start_response)
        began, elsewhere = time.perf_counter(), context.elsewhere()
        try:
            return self._app(environ, start_response)
        finally:
            # What others take is no reason to do less here: they have breakers.
            waited = context.elsewhere() - elsewhere
            self._limit.leave(time.perf_counter() - began - waited)
