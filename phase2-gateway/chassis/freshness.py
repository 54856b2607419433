"""How much of the primary's log a reader must find replayed in a replica.

PostgreSQL numbers its log by bytes (LSN), and a replica replays it in that order. After a commit
the primary says how far its log is on disk: a replica that has replayed so much has the commit.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Collection

EVERYBODY = ""
"""The key of what concerns every reader."""
NOWHERE = 2**64
"""More than any replica has replayed: read at the primary."""
STALE_AFTER = 1.0
"""Seconds after which a commit concerns everybody. The contract allows two."""
MARKS_MAX = 20_000


def lsn_of(text: str) -> int:
    """Return the bytes of log that PostgreSQL writes as `16/B374D848`."""
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


class Freshness:
    """Remembers, for people and conversations, the log's end after the last commit about them.

    What this process has acknowledged is covered at once; what others write (`lab import`, say),
    once `observe` has been told of it and `STALE_AFTER` is over.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, int] = {EVERYBODY: NOWHERE}
        self._committing: Counter[str] = Counter()
        self._newest = 0
        self._reached = 0
        self._doubted_at = 0.0
        self._seen: deque[tuple[float, int]] = deque()

    def needed(self, keys: Collection[str]) -> int:
        """Return the LSN that must have been replayed for a reader whom these keys concern."""
        asked = (EVERYBODY, *keys)
        # In this order, and without the lock: `committed` sets the marks before it lifts the hold.
        if any(key in self._committing for key in asked):
            return NOWHERE
        return max(self._marks.get(key, 0) for key in asked)

    @property
    def is_awaited(self) -> bool:
        """Return whether some reader would have to go to the primary, as far as is known."""
        return len(self._marks) > 1 or self._marks[EVERYBODY] > 0

    def committing(self, keys: Collection[str]) -> None:
        """Send readers to the primary from now on: the commit may be visible any moment."""
        with self._lock:
            self._committing.update(keys)

    def committed(self, keys: Collection[str], lsn: int | None) -> None:
        """Note where the log ended after the commit; None when nobody knows what became of it."""
        with self._lock:
            if lsn is None:
                self._marks[EVERYBODY] = NOWHERE  # until the primary has been asked
                self._doubted_at = time.monotonic()
            else:
                self._marks.update((key, max(lsn, self._marks.get(key, 0))) for key in keys)
                self._newest = max(self._newest, lsn)
            if len(self._marks) > MARKS_MAX:
                self._forget_up_to(self._newest)
                self._marks[EVERYBODY] = max(self._newest, self._marks.get(EVERYBODY, 0))
            self._committing -= Counter(keys)  # and drops those that are 0

    def observe(self, lsn: int, asked_at: float) -> None:
        """Take note of the primary's log, to which others write as well. `asked_at`: monotonic."""
        with self._lock:
            self._newest = max(self._newest, lsn)
            if self._marks[EVERYBODY] == NOWHERE and asked_at > self._doubted_at:
                self._marks[EVERYBODY] = self._newest

    def replayed(self, lsn: int, now: float) -> None:
        """Forget what the replica has by now; let everybody need what is old. `now`: monotonic."""
        with self._lock:
            self._seen.append((now, self._newest))
            while self._seen[0][0] <= now - STALE_AFTER:
                _, old = self._seen.popleft()
                self._marks[EVERYBODY] = max(old, self._marks[EVERYBODY])
            if lsn > self._reached or self._marks[EVERYBODY] <= lsn:
                self._reached = lsn
                self._forget_up_to(lsn)

    def _forget_up_to(self, lsn: int) -> None:
        floor = self._marks[EVERYBODY]
        self._marks = {key: mark for key, mark in self._marks.items() if mark > lsn}
        self._marks.setdefault(EVERYBODY, 0 if floor <= lsn else floor)
