"""What lab must know of a compose.yaml that Docker Compose does not tell of it.

Read on its own, so that what only Docker knows may stand beside it.
"""

from collections.abc import Sequence
from pathlib import Path

from lab.compose.model import Secret
from lab.compose.parse import FILE_NAME, compose_variables, read
from lab.compose.profiles import choose
from lab.compose.secrets import declared
from lab.compose.yamlfile import Location


def chosen_profiles(directory: Path, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the profiles that are to start. Raises UsageError for one that is not there."""
    tree, _ = _read(directory)
    services = _mapping(tree, "services").values()
    used = [str(name) for one in services for name in _list(one, "profiles")]
    variants = [str(name) for name in _list(tree.get("x-lab"), "profiles")]
    return choose(asked, variants, used, compose_variables(directory, {}))


def generated_secrets(directory: Path) -> list[Secret]:
    """Return those that are made where there are none. Raises RefusedError."""
    tree, where = _read(directory)
    marked = {
        name: one
        for name, one in _mapping(tree, "secrets").items()
        if isinstance(one, dict) and "x-lab" in one
    }
    return list(declared(marked, where.key("secrets"), directory))


def _read(directory: Path) -> tuple[dict[str, object], Location]:
    tree, where = read([directory / FILE_NAME], compose_variables(directory, {}), [])
    return tree if isinstance(tree, dict) else {}, where


def _mapping(tree: dict[str, object], key: str) -> dict[str, object]:
    found = tree.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: object, key: str) -> list[object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
