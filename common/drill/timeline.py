"""What happened when: every request and every fault, summed up by the second."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One request: when it ended, how long it took from its due time, and its error if any.

    `at` is in seconds since the start, `ms` in milliseconds.
    """

    at: float
    kind: str
    ms: float
    error: str = ""


@dataclass(frozen=True)
class Moment:
    """Something that was done to the system, or that it did."""

    at: float
    words: str


@dataclass
class Second:
    """One second: how many of each kind were answered, the slowest of them, and the errors."""

    at: int
    answered: Counter[str] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)


class Timeline:
    """A thread-safe record."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self.samples: list[Sample] = []
        self.moments: list[Moment] = []

    def now(self) -> float:
        """Return seconds since the start."""
        return time.monotonic() - self._began

    def mark(self, words: str) -> None:
        """Note a moment."""
        with self._lock:
            self.moments.append(Moment(round(self.now(), 2), words))

    def add(self, kind: str, due: float, error: str = "") -> None:
        """Note a request that has just ended; `due` is on this clock."""
        now = self.now()
        with self._lock:
            self.samples.append(Sample(round(now, 3), kind, round((now - due) * 1000, 2), error))

    def seconds(self) -> list[Second]:
        """Return every second from the start to the last request."""
        last = int(max((sample.at for sample in self.samples), default=0))
        found = [Second(at) for at in range(last + 1)]
        for sample in self.samples:
            second = found[int(sample.at)]
            if sample.error:
                second.errors[sample.error] += 1
            else:
                second.answered[sample.kind] += 1
                second.slowest_ms = max(second.slowest_ms, sample.ms)
        return found

    def latencies(self, kind: str, begin: float = 0, end: float = float("inf")) -> Sequence[float]:
        """Return, ascending, the milliseconds of answers of one kind that ended in between."""
        return sorted(
            sample.ms
            for sample in self.samples
            if sample.kind == kind and not sample.error and begin <= sample.at < end
        )

    def attempts(self, kind: str = "", begin: float = 0, end: float = float("inf")) -> int:
        """Return how many requests of one kind, or of all, ended in between, well or not."""
        return sum(kind in ("", one.kind) and begin <= one.at < end for one in self.samples)

    def to_json(self) -> dict[str, Any]:
        """Return seconds and moments."""
        return {
            "seconds": [vars(second) for second in self.seconds()],
            "moments": [vars(moment) for moment in self.moments],
        }
