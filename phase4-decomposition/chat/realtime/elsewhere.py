"""Who is connected at other web processes, as far as is known here."""

import threading
import time
from collections.abc import Collection

from chassis.ids import new_id

SAID_EVERY = 5.0
"""Seconds after which each process says again who is connected to it."""
FORGOTTEN_AFTER = 15.0
"""Seconds after which a process that says nothing is taken for gone, with all its people."""


class Elsewhere:
    """What other processes have said; `name` is this one's. Thread-safe."""

    def __init__(self) -> None:
        self.name = new_id()
        self._lock = threading.Lock()
        self._there: dict[str, set[str]] = {}
        self._heard: dict[str, float] = {}

    def online(self, user_ids: Collection[str]) -> set[str]:
        """Return those people who have a socket open at another process."""
        with self._lock:
            return {one for one in user_ids if any(one in at for at in self._there.values())}

    def moved(self, process: str, user_id: str, *, online: bool) -> None:
        """Note that somebody has come to a process, or gone from it."""
        if process != self.name:
            with self._lock:
                there = self._there.setdefault(process, set())
                (there.add if online else there.discard)(user_id)
                self._heard[process] = time.monotonic()

    def said(self, process: str, user_ids: Collection[str]) -> set[str]:
        """Note who all is connected to a process; return those of whom that is news."""
        if process == self.name:
            return set()
        with self._lock:
            before, now = self._there.get(process, set()), set(user_ids)
            self._there[process] = now
            self._heard[process] = time.monotonic()
        return before ^ now

    def forget_silent(self) -> set[str]:
        """Forget processes that say nothing any more; return who was connected to them."""
        oldest = time.monotonic() - FORGOTTEN_AFTER
        gone: set[str] = set()
        with self._lock:
            for process in [one for one, at in self._heard.items() if at < oldest]:
                del self._heard[process]
                gone |= self._there.pop(process)
        return gone
