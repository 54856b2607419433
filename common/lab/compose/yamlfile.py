"""Loads YAML as Compose does (version 1.2: `no` and `22:22` are text) and remembers the lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.errors import RefusedError


@dataclass(frozen=True)
class Location:
    """A place in a file, printed as `compose.yaml:12 services.chat.ports[0]`."""

    file: Path
    path: str
    lines: Mapping[str, int]

    def __str__(self) -> str:
        return f"{self.file.name}:{self._line()} {self.path}".rstrip()

    def key(self, name: str) -> "Location":
        """Return the place of a key of this mapping."""
        return Location(self.file, f"{self.path}.{name}".lstrip("."), self.lines)

    def item(self, index: int) -> "Location":
        """Return the place of an item of this list."""
        return Location(self.file, f"{self.path}[{index}]", self.lines)

    def _line(self) -> int:
        path = self.path
        while path and path not in self.lines:  # what came from an anchor has no line of its own
            path = path.rpartition("." if not path.endswith("]") else "[")[0]
        return self.lines.get(path, 1)


def load_yaml(file: Path) -> tuple[object, Location]:
    """Read a file; scalars come as text, true, false or None. Raises RefusedError."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"cannot read {file}: {error.strerror}") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        if node is None:
            return None, Location(file, "", lines)
        _note_lines(node, "", lines)
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


def _note_lines(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    if path in lines:
        return
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                problem = f"the key {key.value!r} stands twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
            below = f"{path}.{key.value}".lstrip(".")
            _note_lines(value, below, lines)
            lines[below] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, f"{path}[{index}]", lines)
