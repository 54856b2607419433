"""Loads YAML as Compose does (version 1.2: `no` and `22:22` are text) and remembers the lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.errors import RefusedError

Lines = Mapping[str, str]
"""Where each path of a document stands, like `compose.yaml:12`."""


@dataclass(frozen=True)
class Location:
    """A place in a document, printed as `compose.yaml:12 services.chat.ports[0]`."""

    file: Path
    path: str
    lines: Lines

    def __str__(self) -> str:
        return f"{self.line} {self.path}".rstrip()

    def key(self, name: str) -> "Location":
        """Return the place of a key of this mapping."""
        return Location(self.file, f"{self.path}.{name}".lstrip("."), self.lines)

    def item(self, index: int) -> "Location":
        """Return the place of an item of this list."""
        return Location(self.file, f"{self.path}[{index}]", self.lines)

    @property
    def line(self) -> str:
        """The file and the line, like `compose.yaml:12`."""
        path = self.path
        while path and path not in self.lines:  # what came from an anchor has no line of its own
            path = path.rpartition("." if not path.endswith("]") else "[")[0]
        return self.lines.get(path, f"{self.file.name}:1")


@dataclass(frozen=True)
class Replaced:
    """A value under one of Compose's own tags: `!override`, or `!reset` (then it is None)."""

    value: object


def load_yaml(file: Path) -> tuple[object, Location]:
    """Read a file; scalars come as text, true, false or None. Raises RefusedError."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"cannot read {file}: {error.strerror}") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[str, str] = {}
        if node is None:
            return None, Location(file, "", lines)
        _note_lines(node, "", lines, file.name)
        return loader.construct_document(node), Location(file, "", lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RefusedError(f"{file.name}:{line} is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise RefusedError(f"{file.name} is not valid YAML: {error}") from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """SafeLoader with the plain scalars of YAML 1.2.

    Numbers stay text: whoever expects one converts it, which a value that came out of
    interpolation needs anyway.
    """

    yaml_implicit_resolvers: dict[str, list[object]] = {}  # noqa: RUF012 - as PyYAML declares it


def _add_resolvers() -> None:
    for tag, pattern, first in (
        ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("tag:yaml.org,2002:merge", r"^<<$", "<"),
    ):
        _Loader.add_implicit_resolver(tag, re.compile(pattern), list(first))


_add_resolvers()


def _reset(_loader: _Loader, _node: yaml.Node) -> Replaced:
    return Replaced(None)


def _override(loader: _Loader, node: yaml.Node) -> Replaced:
    if isinstance(node, yaml.MappingNode):
        return Replaced(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return Replaced(loader.construct_sequence(node, deep=True))
    return Replaced(node.value)


_Loader.add_constructor("!reset", _reset)
_Loader.add_constructor("!override", _override)


def _note_lines(node: yaml.Node, path: str, lines: dict[str, str], name: str) -> None:
    if path in lines:
        return
    lines[path] = f"{name}:{node.start_mark.line + 1}"
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                problem = f"the key {key.value!r} stands twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
            below = f"{path}.{key.value}".lstrip(".")
            _note_lines(value, below, lines, name)
            lines[below] = f"{name}:{key.start_mark.line + 1}"
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, f"{path}[{index}]", lines, name)
