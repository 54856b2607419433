"""What containers have written, read through the API."""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from lab.docker.api import Api, MissingError
from lab.docker.containers import Container
from lab.engine import LogLine
from lab.instance import Instance

POLL = 0.2  # seconds
_HEADER = 8  # bytes before each frame: the stream, three zeros, the length (big-endian)
_MILLISECONDS = len("2026-11-23T21:00:00.123")


def read(
    look: Callable[[], dict[str, Container]],
    api: Api,
    services: Sequence[str],
    tail: int | None,
    *,
    follow: bool,
) -> Iterator[LogLine | None]:
    """Yield lines of several services in the order of time; None between two looks.

    look returns the containers of the moment: they may be replaced while we follow.
    """
    tails: dict[str, _Tail] = {}

    def more(tail: int | None = None) -> list[list[LogLine]]:
        for name, one in look().items():
            if one.service in services or name in services:
                tails.setdefault(one.id, _Tail(api, name, one.id))
        return [one.more(tail) for one in tails.values()]

    yield from heapq.merge(*more(tail), key=_time)
    while follow:
        yield None
        time.sleep(POLL)
        yield from sorted(chain(*more()), key=_time)


def save(instance: Instance, api: Api, containers: dict[str, Container]) -> None:
    """Write logs to the instance's files as the native engine does: they outlive containers."""
    for name, one in containers.items():
        lines = _Tail(api, name, one.id).more(None)
        text = "".join(f"{line.time} {line.text}\n" for line in lines)
        instance.log_file(name).write_text(text, encoding="utf-8")


def _time(line: LogLine) -> str:
    return line.time


class _Tail:
    """One container's log, from where it was read last."""

    def __init__(self, api: Api, name: str, container: str) -> None:
        self._api = api
        self._name = name
        self._path = f"/containers/{container}/logs"
        self._last = ""

    def more(self, tail: int | None) -> list[LogLine]:
        """Return what has been added since the last call, at most `tail` lines."""
        query = {"since": _since(self._last)} if self._last else {"tail": _all_or(tail)}
        try:
            raw = self._api.read(self._path, stdout=True, stderr=True, timestamps=True, **query)
        except MissingError:
            return []
        known, lines = self._last, []
        for line in unframed(raw).decode(errors="replace").split("\n"):
            stamp, _, text = line.partition(" ")
            if stamp > known:  # `since` includes the moment itself
                lines.append(LogLine(self._name, f"{stamp[:_MILLISECONDS]}Z", text))
                self._last = stamp
        return lines


def _all_or(tail: int | None) -> str:
    return "all" if tail is None else str(tail)


def _since(stamp: str) -> str:
    """Return Unix seconds with nanoseconds from Docker's time stamp."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return f"{datetime.fromisoformat(whole + '+00:00').timestamp():.0f}.{fraction or 0}"


def unframed(raw: bytes) -> bytes:
    """Join the frames in which stdout and stderr come."""
    parts, position = [], 0
    while position + _HEADER <= len(raw):
        start = position + _HEADER
        end = start + int.from_bytes(raw[position + 4 : start], "big")
        parts.append(raw[start:end])
        position = end
    return b"".join(parts)
