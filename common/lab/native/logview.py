"""Reads the log files that the supervisor writes, while it writes them."""

import heapq
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from lab.engine import LogLine
from lab.instance import Instance
from lab.native.logs import STAMP_LENGTH

POLL = 0.1  # seconds


def read(
    instance: Instance, services: Sequence[str], tail: int | None, *, follow: bool
) -> Iterator[LogLine | None]:
    """Yield lines of several services in the order of time; None between two looks."""
    tails = [_Tail(service, instance.log_file(service)) for service in services]
    yield from heapq.merge(*(one.past(tail) for one in tails), key=lambda line: line.time)
    while follow:
        yield None
        time.sleep(POLL)
        yield from sorted(chain(*(one.more() for one in tails)), key=lambda line: line.time)


class _Tail:
    """One file, followed through rotation."""

    def __init__(self, service: str, path: Path) -> None:
        self._service = service
        self._path = path
        self._file = path.open("rb") if path.exists() else None
        self._rest = b""

    def past(self, tail: int | None) -> list[LogLine]:
        """Return what is there now, the last `tail` lines of it (None: all)."""
        rotated = self._path.with_name(self._path.name + ".1")
        old = rotated.read_bytes().splitlines() if rotated.exists() else []
        lines = [line for line in map(self._parse, old) if line is not None]
        return list(deque([*lines, *self.more()], maxlen=tail))

    def more(self) -> list[LogLine]:
        """Return what has been added since the last call."""
        lines = self._read()
        if self._was_replaced():
            if self._file is not None:
                lines += self._read()
                self._file.close()
            self._file, self._rest = self._path.open("rb"), b""
            lines += self._read()
        return lines

    def _read(self) -> list[LogLine]:
        if self._file is None:
            return []
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        return [line for line in map(self._parse, whole) if line is not None]

    def _was_replaced(self) -> bool:
        try:
            now = self._path.stat()
        except OSError:
            return False
        return self._file is None or os.fstat(self._file.fileno()).st_ino != now.st_ino

    def _parse(self, raw: bytes) -> LogLine | None:
        text = raw.decode(errors="replace")
        if len(text) < STAMP_LENGTH:
            return None
        return LogLine(self._service, text[: STAMP_LENGTH - 1], text[STAMP_LENGTH:])
