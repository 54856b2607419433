"""How long somebody waits for an answer: it is told along a chain of calls, and shrinks."""

import re
from collections.abc import Mapping
from typing import Any

HEADER = "X-Time-Left"
"""Whole milliseconds: moments would need clocks that agree."""
LONGEST = 10.0
"""Seconds, of a request that says nothing; the gateway gives up after 15."""
_NUMBER = re.compile(r"[0-9]{1,6}")


def seconds_left(environ: Mapping[str, Any]) -> float:
    """Return what a request gives, at most `LONGEST`. The gateway lets nobody outside say it."""
    told = environ.get("HTTP_X_TIME_LEFT", "")
    return min(int(told) / 1000, LONGEST) if _NUMBER.fullmatch(told) else LONGEST
