"""What a replica must have replayed of the primary's log, so that nobody misses what he may expect.

PostgreSQL numbers its log by bytes (LSN), and a replica replays it in that order. After a commit
the primary says how far its log is on disk: a replica that has replayed so much has the commit.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Collection

EVERYBODY = ""
"""The key of what concerns every reader."""
MARKS_MAX = 20_000


class Freshness:
    """Remembers, for people and conversations, the log's end after the last commit about them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, int] = {}
        self._committing: Counter[str] = Counter()
        self._doubted_at = -math.inf

    def allows(self, keys: Collection[str], replayed: int, as_of: float) -> bool:
        """Return whether a replica shows all that was acknowledged about these keys.

        It has replayed so much, and everything from before `as_of` (monotonic time).
        """
        with self._lock:
            asked = (EVERYBODY, *keys)
            if as_of <= self._doubted_at or any(key in self._committing for key in asked):
                return False
            return all(self._marks.get(key, 0) <= replayed for key in asked)

    @property
    def is_awaited(self) -> bool:
        """Return whether some reader would have to go to the primary."""
        return bool(self._marks)

    def committing(self, keys: Collection[str]) -> None:
        """Send readers to the primary from now on: the commit may be visible any moment."""
        with self._lock:
            self._committing.update(keys)

    def committed(self, keys: Collection[str], lsn: int | None) -> None:
        """Note where the log ended after the commit; None when nobody knows what became of it."""
        with self._lock:
            if lsn is None:
                self._doubted_at = time.monotonic()
            else:
                self._marks.update((key, max(lsn, self._marks.get(key, 0))) for key in keys)
            if len(self._marks) > MARKS_MAX:
                self._marks = {EVERYBODY: max(self._marks.values())}
            self._committing -= Counter(keys)  # and drops those that are 0

    def forget(self, replayed: int) -> None:
        """Drop the marks of what the replica has by now."""
        with self._lock:
            self._marks = {key: lsn for key, lsn in self._marks.items() if lsn > replayed}
