"""Whether this process should get work, and how what it depends on is doing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.cache.link import Link
from chassis.database import Database
from chassis.errors import NotReady, Unavailable
from chassis.mode import Mode


@dataclass(frozen=True)
class Health:
    """What to look at; `stopping` is set once the process is told to stop."""

    database: Database
    cache: Link
    stopping: threading.Event

    def require_ready(self) -> None:
        """Raise `NotReady` or `StorageFull` if the process should get no new work."""
        if self.stopping.is_set():
            raise NotReady("This process is stopping.")
        if not self.database.is_alive():
            raise NotReady("The database does not answer.")
        if self.database.mode() is Mode.IMPORTING:
            raise NotReady("Data is being imported.")
        self.database.require_room()

    def report(self) -> tuple[dict[str, Any], bool]:
        """Return the state of everything, latencies in milliseconds, and whether it will do."""
        found = {"database": _timed(self.database.is_alive), "cache": _timed(self._cache_answers)}
        if replica := self.database.replica:
            found["replica"] = _timed(lambda: replica.is_used)
        is_whole = all(one["state"] == "up" for one in found.values())
        status, reason = "ready" if is_whole else "degraded", None
        try:
            self.require_ready()
        except Unavailable as error:
            status, reason = "not-ready", str(error)
        return {"status": status, "reason": reason, "dependencies": found}, reason is None

    def _cache_answers(self) -> bool:
        epoch = self.cache.epoch()
        return epoch is not None and bool(self.cache.run(epoch, lambda redis: redis.ping()))


def _timed(answers: Callable[[], bool]) -> dict[str, Any]:
    began = time.perf_counter()
    state = "up" if answers() else "down"
    return {"state": state, "ms": round((time.perf_counter() - began) * 1000, 2)}
