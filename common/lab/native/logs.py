"""A service's output on disk: each line with its time, at most two files of LIMIT bytes."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

LIMIT = 8 * 2**20
STAMP_LENGTH = len("2026-11-23T21:00:00.123Z ")


def stamp() -> bytes:
    """Return the time now as RFC 3339 with milliseconds, and a space."""
    now = datetime.fromtimestamp(time.time(), UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z ".encode()


class LogFile:
    """Takes chunks of output and writes stamped lines; a full file becomes `NAME.log.1`."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._file = path.open("ab")
        self._at_line_start = True

    def write(self, chunk: bytes) -> None:
        """Append output as it came; a chunk may end in the middle of a line."""
        if not chunk:
            return
        mark = stamp()
        ended = chunk.endswith(b"\n")
        body = chunk[:-1] if ended else chunk
        text = body.replace(b"\n", b"\n" + mark) + (b"\n" if ended else b"")
        self._file.write(mark + text if self._at_line_start else text)
        self._file.flush()
        self._at_line_start = ended
        if ended and self._file.tell() > self._limit:
            self._rotate()

    def say(self, text: str) -> None:
        """Add a line of the engine's own, beginning with `--`."""
        self.write(b"" if self._at_line_start else b"\n")
        self.write(f"-- {text}\n".encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = self._path.open("ab")


async def pipe_into(log: LogFile) -> tuple[int, asyncio.Event]:
    """Return a descriptor for a process to write to; what it writes goes into the log.

    The event is set when every process that could write has ended and all is written down.
    """
    reader, writer = os.pipe()
    drain = _Drain(log)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: drain, os.fdopen(reader, "rb", 0))
    return writer, drain.finished


class _Drain(asyncio.Protocol):
    def __init__(self, log: LogFile) -> None:
        self._log = log
        self.finished = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._log.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it
        self.finished.set()
