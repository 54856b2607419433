"""What is needed of another service all the time: fetched ahead, by one thread at a time."""

import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import structlog

from chassis.errors import NotReady, Unavailable

log = structlog.get_logger()

Thing = TypeVar("Thing")

WAITS = 2.0
"""Seconds for which somebody who has nothing waits for another thread that is fetching it."""
AGAIN = 1.0
"""Seconds after which it is tried again to fetch a better one."""


class Fetched(NamedTuple, Generic[Thing]):
    """What has come. It serves for `good` seconds; after `fresh` a new one is fetched."""

    thing: Thing
    fresh: float
    good: float


class Kept(Generic[Thing]):
    """While a new one is being fetched, or is not to be had, the old one serves if it is good.

    `name` is for the log. Errors of each method: those of `fetch`; `NotReady`.
    """

    def __init__(self, name: str, fetch: Callable[[], Fetched[Thing]]) -> None:
        self._name = name
        self._fetch = fetch
        self._lock = threading.Lock()
        self._kept: Thing | None = None
        self._came = self._fresh_until = self._good_until = self._again_at = float("-inf")

    def get(self, *, newer_than: float = float("inf")) -> Thing:
        """Return it; no older than so many seconds, however good it is."""
        now = time.monotonic()
        is_wanted = now - self._came > newer_than
        kept = self._kept if now < self._good_until and not is_wanted else None
        if kept is not None and now < max(self._fresh_until, self._again_at):
            return kept
        if not self._lock.acquire(timeout=WAITS if kept is None else 0):
            return self._or_none(kept)
        try:
            return self._fetched(newer_than)
        except Unavailable as error:
            self._again_at = time.monotonic() + AGAIN
            log.warning("kept.old", what=self._name, reason=str(error))
            if kept is None:
                raise
            return kept
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Have a new one fetched by whoever asks next."""
        self._good_until = self._fresh_until = self._came = float("-inf")

    def _fetched(self, newer_than: float) -> Thing:
        """Return what another thread has brought meanwhile, or what is fetched now."""
        now = time.monotonic()
        if self._kept is None or now >= self._fresh_until or now - self._came > newer_than:
            self._kept, fresh, good = self._fetch()
            self._came = now = time.monotonic()
            self._fresh_until, self._good_until = now + fresh, now + good
        return self._kept

    def _or_none(self, kept: Thing | None) -> Thing:
        if kept is None:
            raise NotReady(f"{self._name} is not to be had for the moment.")
        return kept
