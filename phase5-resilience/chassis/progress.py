"""A line on standard error that says how far something long has got."""

import sys
import time
from types import TracebackType
from typing import Self

PATIENCE = 1.0
"""Seconds in which nothing needs to be said."""
INTERVAL = 0.2


class ProgressLine:
    """Is called with how much is done, out of `total` if that is known; silent off a terminal."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._due = time.monotonic() + PATIENCE
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int) -> None:
        """Show it, if the last time is a moment ago."""
        if time.monotonic() < self._due or not sys.stderr.isatty():
            return
        self._due = time.monotonic() + INTERVAL
        self._shown = True
        share = f"{done / self._total:4.0%}" if self._total else f"{done:,}"
        print(f"\r{self._what} {share} ", end="", file=sys.stderr, flush=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
