"""Time, as the database stores it and as the contract writes it."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Return the wall clock in whole milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """Return `2026-11-23T21:00:00.123Z` for milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def rfc3339_or_none(ms: int | None) -> str | None:
    """Return the written time, or None where nothing happened yet."""
    return None if ms is None else rfc3339(ms)
