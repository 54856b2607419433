"""A mapping of the file under a strict reader: what nobody asked for is refused by name."""

import difflib
import re
import shlex
from collections.abc import Iterable, Iterator

from lab.compose.yamlfile import Location
from lab.errors import RefusedError

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def refuse(where: Location, problem: str) -> RefusedError:
    """Make the error that names a place in the file."""
    return RefusedError(f"{where}: {problem}")


class Section:
    """Hands out the keys of one mapping, once each; `done` refuses what is left."""

    def __init__(self, value: object, where: Location) -> None:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise refuse(where, "expected a mapping (key: value)")
        self.where = where
        self._left: dict[str, object] = {str(key): item for key, item in value.items()}
        self._known: list[str] = []

    def take(self, key: str) -> tuple[object, Location]:
        """Return a key's value, None if absent, and its place."""
        self._known.append(key)
        return self._left.pop(key, None), self.where.key(key)

    def skip(self, keys: Iterable[str]) -> None:
        """Accept keys whose value does not matter here, and extensions (`x-…`) but x-lab."""
        for key in keys:
            self.take(key)
        for key in [key for key in self._left if key.startswith("x-") and key != "x-lab"]:
            del self._left[key]

    def items(self) -> Iterator[tuple[str, object, Location]]:
        """Take everything that is left; keys are names that the file's author chose."""
        left, self._left = self._left, {}
        for key, value in left.items():
            yield key, value, self.where.key(key)

    def done(self) -> None:
        """Refuse what was not taken."""
        for key in self._left:
            close = difflib.get_close_matches(key, self._known, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise refuse(self.where.key(key), f"the native engine does not know {key!r}{meant}")


def text(value: object, where: Location) -> str:
    """Return a scalar as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise refuse(where, "expected text")


def integer(value: object, where: Location) -> int:
    """Return a whole number, not negative."""
    raw = text(value, where)
    if not raw.isdecimal():
        raise refuse(where, f"expected a whole number, not {raw!r}")
    return int(raw)


def port_number(value: object, where: Location) -> int:
    """Return a TCP port."""
    number = integer(value, where)
    if not 1 <= number <= 65535:
        raise refuse(where, f"{number} is no port number")
    return number


def duration(value: object, where: Location, default: float) -> float:
    """Return seconds from `1m30s`, `250ms`, …; default where there is no value."""
    if value is None:
        return default
    raw = text(value, where)
    parts = _DURATION_PART.findall(raw)
    if raw == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != raw:
        raise refuse(where, f"{raw!r} is no duration; write it like 250ms, 5s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def listing(value: object, where: Location) -> Iterator[tuple[object, Location]]:
    """Yield the items of a list with their places; nothing for None."""
    if value is None:
        return
    if not isinstance(value, list):
        raise refuse(where, "expected a list")
    for index, item in enumerate(value):
        yield item, where.item(index)


def argv(value: object, where: Location) -> tuple[str, ...] | None:
    """Return a command given as a list, or as one line that is split as a shell would."""
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(text(item, place) for item, place in listing(value, where))
    try:
        return tuple(shlex.split(text(value, where)))
    except ValueError as error:
        raise refuse(where, f"cannot split this command: {error}") from None
