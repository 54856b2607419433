"""When requests are due: an open arrival process, independent of how fast answers come.

Users that wait for their answers before they send again go easy on a system that stalls, and a
stall is measured once instead of once per request it delayed ("coordinated omission", Gil Tene).
Here each request has a due time, and its latency counts from there.
"""

import random
import time
from dataclasses import dataclass
from math import inf

from gevent.event import Event


@dataclass(frozen=True)
class Stage:
    """Requests at `rate` per second for `seconds`; an unmeasured stage warms up.

    An infinite rate makes each request due when somebody is free to send it.
    """

    rate: float
    seconds: float
    measured: bool = True


class Arrivals:
    """Hands out the due times of one stage after the other; users block between stages.

    The times are those of a Poisson process, the same ones for the same seed.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._open = Event()
        self._next = 0.0
        self._end = 0.0
        self._rate = 1.0
        self.issued = 0

    def begin(self, stage: Stage) -> None:
        """Open a stage now."""
        self.issued = 0
        self._rate = stage.rate
        self._next = time.perf_counter()
        self._end = self._next + stage.seconds
        self._open.set()

    def take(self) -> float:
        """Return the next due time (perf_counter); blocks while no stage is open."""
        while True:
            self._open.wait()
            due = max(self._next, time.perf_counter()) if self._rate == inf else self._next
            if due < self._end:
                self._next += self._random.expovariate(self._rate)
                self.issued += 1
                return due
            self._open.clear()

    def close(self) -> int:
        """End the stage; return how many due times nobody was free to take."""
        left = 0
        while self._next < self._end < time.perf_counter() and self._rate != inf:
            self._next += self._random.expovariate(self._rate)
            left += 1
        self._end = self._next
        self._open.clear()
        return left
