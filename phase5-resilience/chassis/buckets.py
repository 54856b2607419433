"""Token buckets in the memory of this process: for what the gateway cannot see."""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Clock = Callable[[], float]
"""Seconds."""
Set = Literal["real", "test", "bench"]


@dataclass(frozen=True, slots=True)
class Quota:
    """A bucket holds `q` tokens, and an empty one is full after `w` seconds."""

    q: int
    w: int


class Quotas:
    """What limits.json declares, as much larger as the set says. The gateway reads it too."""

    def __init__(self, file: Path, chosen: Set) -> None:
        self._read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        self._factor: int = self._read["factors"][chosen]
        self.chosen = chosen

    def of(self, part: str, who: str) -> Quota:
        """Return one row of those that this process keeps to itself."""
        return self._quota(self._read[part][who])

    def policies(self) -> dict[str, dict[str, int]]:
        """Return the gateway's limits by the names that answers give them."""
        rows = {
            f"{name}-{who}": self._quota(row)
            for name, found in self._read["classes"].items()
            for who, row in found.items()
        }
        return {name: {"q": quota.q, "w": quota.w} for name, quota in rows.items()}

    def _quota(self, row: dict[str, int]) -> Quota:
        return Quota(row["q"] * self._factor, row["w"])


class Bucket:
    """One bucket; of it is kept when it will be full again, as in the gateway's bucket.js."""

    def __init__(self, quota: Quota, clock: Clock = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        self._interval = quota.w / quota.q
        self._full = 0.0

    def take(self) -> float:
        """Take a token and return 0, or take none and return the seconds until there is one."""
        now = self._clock()
        full = max(self._full, now) + self._interval
        missing = full - now - self._quota.w
        if missing > 1e-6:
            return missing
        self._full = full
        return 0.0

    def give_back(self) -> None:
        """Put a token back that was taken."""
        self._full -= self._interval


class Buckets:
    """A bucket for each key, `most` at a time: the one not asked the longest is forgotten."""

    def __init__(self, quota: Quota, most: int = 10_000, clock: Clock = time.monotonic) -> None:
        self._quota = quota
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Bucket] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take a token from the key's bucket, as `Bucket.take`."""
        with self._lock:
            bucket = self._found.setdefault(key, Bucket(self._quota, self._clock))
            self._found.move_to_end(key)
            if len(self._found) > self._most:
                self._found.popitem(last=False)
            return bucket.take()

    def give_back(self, key: Hashable) -> None:
        """Put a token back that was taken."""
        with self._lock:
            if bucket := self._found.get(key):
                bucket.give_back()
