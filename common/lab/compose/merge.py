"""One compose file over another, as the Compose specification merges them.

Mappings are merged key by key, lists are appended, everything else is replaced. Lists that stand
for mappings are merged as such; a target (of a mount, of a secret) stands there once. `!reset`
takes a value away, `!override` replaces it whole.
"""

from dataclasses import dataclass

from lab.compose.section import refuse
from lab.compose.yamlfile import Location, Replaced

Keys = tuple[str, ...]
# Keys of a service, and what the specification says of them.
_REPLACED = (("command",), ("entrypoint",), ("healthcheck", "test"))
_PAIRS = (("environment",), ("labels",), ("build", "args"), ("build", "labels"))
_NAMES = (("depends_on",), ("networks",))
_SINGLE = (("env_file",), ("tmpfs",))
_SECRETS = "/run/secrets/"


def merged(base: object, where: Location, over: object, place: Location) -> tuple[object, Location]:
    """Return both as one document, in which each part knows the file that it came from."""
    lines: dict[str, str] = {}
    result = Location(where.file, "", lines)
    return _Merger(lines).merge(_Part(base, where), _Part(over, place), result, ()), result


def plain(tree: object) -> object:
    """Return a document without tags: nothing lies below it any more."""
    if isinstance(tree, Replaced):
        return plain(tree.value)
    if isinstance(tree, dict):
        return {key: plain(item) for key, item in tree.items() if not _is_reset(item)}
    if isinstance(tree, list):
        return [plain(item) for item in tree if not _is_reset(item)]
    return tree


@dataclass(frozen=True)
class _Part:
    """A value and its place in the file that it came from."""

    value: object
    where: Location


class _Merger:
    """Merges, and notes in `lines` where each part of the result came from."""

    def __init__(self, lines: dict[str, str]) -> None:
        self._lines = lines

    def merge(self, base: _Part, over: _Part, to: Location, keys: Keys) -> object:
        """Return over merged into base; `to` is the place of the result."""
        service_keys = keys[2:] if keys[:1] == ("services",) else ()
        if isinstance(over.value, Replaced) or base.value is None or service_keys in _REPLACED:
            return self._take(over, to)
        if over.value is None and isinstance(base.value, dict | list):
            return self._take(base, to)
        base, over = (_spelled_out(part, service_keys) for part in (base, over))
        if isinstance(base.value, dict) and isinstance(over.value, dict):
            return self._mappings(base, over, to, keys)
        if isinstance(base.value, list) and isinstance(over.value, list):
            return self._lists(base, over, to, service_keys)
        if isinstance(base.value, dict | list) or isinstance(over.value, dict | list):
            raise refuse(over.where, f"cannot be merged with what stands at {base.where}")
        return self._take(over, to)

    def _mappings(self, base: _Part, over: _Part, to: Location, keys: Keys) -> dict[str, object]:
        self._lines[to.path] = base.where.line
        below, above = _entries(base), _entries(over)
        result: dict[str, object] = {}
        for key in {**below, **above}:
            place = to.key(key)
            if key not in above:
                result[key] = self._take(below[key], place)
            elif _is_reset(above[key].value):
                continue
            elif key not in below:
                result[key] = self._take(above[key], place)
            else:
                result[key] = self.merge(below[key], above[key], place, (*keys, key))
        return result

    def _lists(self, base: _Part, over: _Part, to: Location, keys: Keys) -> list[object]:
        self._lines[to.path] = base.where.line
        once = {_identity(part.value, keys): part for part in (*_items(base), *_items(over))}
        return [self._take(part, to.item(index)) for index, part in enumerate(once.values())]

    def _take(self, part: _Part, to: Location) -> object:
        """Return a value as it is, and note the lines of all that is in it."""
        self._lines[to.path] = part.where.line
        if isinstance(part.value, Replaced):
            part = _Part(part.value.value, part.where)
        for name, one in _entries(part).items():
            self._take(one, to.key(name))
        for index, one in enumerate(_items(part)):
            self._take(one, to.item(index))
        return plain(part.value)


def _is_reset(value: object) -> bool:
    return isinstance(value, Replaced) and value.value is None


def _entries(part: _Part) -> dict[str, _Part]:
    if not isinstance(part.value, dict):
        return {}
    return {str(key): _Part(item, part.where.key(str(key))) for key, item in part.value.items()}


def _items(part: _Part) -> list[_Part]:
    if not isinstance(part.value, list):
        return []
    return [_Part(item, part.where.item(index)) for index, item in enumerate(part.value)]


def _spelled_out(part: _Part, keys: Keys) -> _Part:
    """Return a short form as the long one that it can be merged with."""
    value = part.value
    if keys == ("build",) and isinstance(value, str):
        return _Part({"context": value}, part.where)
    if keys in _SINGLE and isinstance(value, str):
        return _Part([value], part.where)
    if keys in _PAIRS and isinstance(value, list):
        pairs = [str(item).partition("=") for item in value]
        return _Part({key: rest if equals else None for key, equals, rest in pairs}, part.where)
    if keys in _NAMES and isinstance(value, list):
        return _Part({str(item): None for item in value}, part.where)
    return part


def _identity(value: object, keys: Keys) -> str:
    """Return what two items of a list have in common if only the later one counts."""
    short, long = (str(value), {}) if not isinstance(value, dict) else ("", value)
    if keys == ("volumes",):
        return str(long.get("target") or "".join(short.split(":")[1:2]) or short)
    if keys == ("secrets",):
        target = str(long.get("target") or long.get("source") or short)
        return target if target.startswith("/") else _SECRETS + target
    return repr(value)
