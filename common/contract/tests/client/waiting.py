"""The contract's bounds: what is not immediate for everyone is there within two seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

BOUND = 2.0
"""Seconds within which everybody else sees what somebody changed."""

INTERVAL = 0.03
"""Seconds between two looks."""


def eventually(check: Callable[[], Result], within: float = BOUND) -> Result:
    """Return what `check` returns as soon as it raises no AssertionError; raise its last one else.

    `within` is in seconds. Use it for what the contract gives a bound, and only for that.
    """
    deadline = time.monotonic() + within
    while True:
        late = time.monotonic() >= deadline
        try:
            return check()
        except AssertionError:
            if late:
                raise
        time.sleep(INTERVAL)
