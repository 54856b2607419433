"""The ids of traces: a trace has the id of the request that it begins with.

So a log line, a problem document and a trace are found by one word.
"""

import hashlib
import re

DIGITS = 8
"""The last hexadecimal digits that are chance: in a UUIDv7 those before may be a counter."""

_UUID = re.compile(r"[0-9A-Fa-f]{32}")


def trace_of(request_id: str) -> int:
    """Return the trace of a request: its UUID as a number. An id that is none is hashed.

    The gateway's `trace.js` says the same.
    """
    plain = request_id.replace("-", "")
    if _UUID.fullmatch(plain) and (trace_id := int(plain, 16)):
        return trace_id
    return int(hashlib.sha256(request_id.encode()).hexdigest()[:32], 16)


def is_chosen(trace_id: int, rate: float) -> bool:
    """Return whether a trace is among the sampled; here too the gateway says the same."""
    space = 16**DIGITS
    return bool(trace_id % space < rate * space)
