"""Where the phase is, and waiting for something to come true."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PHASE = Path(__file__).resolve().parent.parent


def wait_for(condition: Callable[[], Any], within: float = 30) -> Any:
    """Return the condition's first true value; fail after `within` seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"nothing within {within} s")
