"""Time, as the database stores it and as the contract writes it."""

import time
from datetime import UTC, datetime
from functools import lru_cache


def now_ms() -> int:
    """Return the wall clock in whole milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """Return `2026-11-23T21:00:00.123Z` for milliseconds since the epoch."""
    seconds, rest = divmod(ms, 1000)
    return f"{_to_the_second(seconds)}.{rest:03}Z"


@lru_cache(4096)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def rfc3339_or_none(ms: int | None) -> str | None:
    """Return the written time, or None where nothing happened yet."""
    return None if ms is None else rfc3339(ms)
