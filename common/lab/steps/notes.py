"""What diffs/README.md says about each step. The format is described in docs/path.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from lab.errors import LabError

NAME = "README.md"
STEP = re.compile(r"(\d+)\.(\d+)")
_STEP_HEADING = re.compile(r"(\d+\.\d+)\s+(\S.*)")
_LINK = re.compile(r"\]\((?P<name>\d+\.\d+)-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.patch\)")
_IDEA = "**Idea.**"
_ITEM = re.compile(r"(?:[-*]|\d+\.)\s+(?=\S)")
_CODE = re.compile(r"`([^`]+)`")
ROLES, _READ_FIRST, _EXERCISE, _HINTS = "Files by role", "Read first", "Exercise", "Hints"
SIZE = "Size"  # written by a command, from the patch: see size.py
_EXERCISE_KEYS = ("given", "stubs", "tests")


@dataclass(frozen=True)
class Role:
    """Files that do one thing in a step: paths, directories or patterns."""

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Spot:
    """A line to read first: it stands in path, contains text, and the step adds it."""

    path: str
    text: str
    why: str


@dataclass(frozen=True)
class ExerciseNotes:
    """The task; what is handed out finished, as stubs and as tests (empty: derived); hints."""

    task: str = ""
    given: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepNotes:
    """One step's section. reason is Markdown, the paragraphs between the idea and the roles."""

    name: str
    title: str
    slug: str
    idea: str
    reason: str
    roles: tuple[Role, ...]
    read_first: tuple[Spot, ...]
    exercise: ExerciseNotes = field(default_factory=ExerciseNotes)

    @property
    def file_name(self) -> str:
        """The patch's file name."""
        return f"{self.name}-{self.slug}.patch"

    @property
    def order(self) -> list[str]:
        """The patterns of all roles: the order of files in the patch."""
        return [pattern for role in self.roles for pattern in role.patterns]

    @property
    def message(self) -> str:
        """The commit message of this step in an exported history."""
        parts = [f"{self.name} {self.title}", self.idea, self.reason, f"Step: {self.name}"]
        return "\n\n".join(part for part in parts if part) + "\n"


def matches(path: str, pattern: str) -> bool:
    """Tell whether a pattern of diffs/README.md means a path."""
    directory = pattern.rstrip("/") + "/"
    return path.startswith(directory) or fnmatchcase(path, pattern)


def read(file: Path) -> dict[str, StepNotes]:
    """Return the steps that a diffs/README.md describes, by name. Raises LabError.

    Sections whose heading does not begin with a step's name are left to the reader.
    """
    if not file.is_file():
        return {}
    found: dict[str, StepNotes] = {}
    for heading, lines in _split(file.read_text(encoding="utf-8").split("\n"), "## "):
        step = _STEP_HEADING.fullmatch(heading)
        if step is None:
            continue
        if step[1] in found:
            raise LabError(f"{_shown(file)} describes step {step[1]} twice")
        try:
            found[step[1]] = _step(step[1], step[2].strip(), lines)
        except ValueError as error:
            raise LabError(
                f"{_shown(file)}, section {step[1]}: {error}", "the format: docs/path.md"
            ) from None
    return found


def _shown(file: Path) -> str:
    return "/".join(file.parts[-3:])


def _split(lines: list[str], mark: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what stands before the first heading (as ""), then each heading with its lines."""
    heading, fenced = "", False
    body: list[str] = []
    for line in lines:
        fenced ^= line.lstrip().startswith("```")
        if line.startswith(mark) and not fenced:
            yield heading, body
            heading, body = line.removeprefix(mark).strip(), []
        else:
            body.append(line)
    yield heading, body


def _step(name: str, title: str, lines: list[str]) -> StepNotes:
    parts = dict(_split(lines, "### "))
    unknown = parts.keys() - {"", ROLES, SIZE, _READ_FIRST, _EXERCISE, _HINTS}
    if unknown:
        raise ValueError(f"what is the part {min(unknown)!r}?")
    paragraphs = _paragraphs(parts[""])
    slug, idea, reason = "", "", []
    for paragraph in paragraphs:
        link = _LINK.search(paragraph)
        if link is not None and not slug:
            if link["name"] != name:
                raise ValueError(f"its link names a patch of step {link['name']}")
            slug = link["slug"]
        elif paragraph.startswith(_IDEA):
            idea = paragraph.removeprefix(_IDEA).strip()
        else:
            reason.append(paragraph)
    if not slug:
        raise ValueError(f"it needs a link to its patch: [{name}-words.patch]({name}-words.patch)")
    if not idea:
        raise ValueError(f"it needs a paragraph that begins with {_IDEA}")
    return StepNotes(
        name,
        title,
        slug,
        idea,
        "\n\n".join(reason),
        tuple(_role(item) for item in _items(parts.get(ROLES, []))),
        tuple(_spot(item) for item in _items(parts.get(_READ_FIRST, []))),
        _exercise(parts.get(_EXERCISE, []), parts.get(_HINTS, [])),
    )


def _role(item: str) -> Role:
    name, colon, rest = item.partition(":")
    patterns = tuple(_CODE.findall(rest))
    if not colon or not patterns:
        raise ValueError(f"under {ROLES!r} an item reads - ROLE: `path`, `path`, not {item!r}")
    return Role(name.strip(), patterns)


def _spot(item: str) -> Spot:
    spot = re.fullmatch(r"`([^`]+)`[^`]*`([^`]+)`:?\s*(.*)", item)
    if spot is None:
        raise ValueError(
            f"under {_READ_FIRST!r} an item reads 1. `path` at `words of a line`: why, not {item!r}"
        )
    return Spot(spot[1], spot[2], spot[3])


def _exercise(lines: list[str], hints: list[str]) -> ExerciseNotes:
    given: dict[str, tuple[str, ...]] = {}
    for item in _items(lines):
        key, _, rest = item.partition(":")
        if key not in _EXERCISE_KEYS:
            raise ValueError(f"under {_EXERCISE!r} an item is one of {', '.join(_EXERCISE_KEYS)}")
        given[key] = tuple(_CODE.findall(rest))
    task = "\n\n".join(text for text in _paragraphs(lines) if not _ITEM.match(text))
    return ExerciseNotes(task, **given, hints=tuple(_items(hints)))


def _paragraphs(lines: list[str]) -> list[str]:
    return [text.strip("\n") for text in re.split(r"\n\s*\n", "\n".join(lines)) if text.strip()]


def _items(lines: list[str]) -> list[str]:
    """Return the items of a list, each on one line."""
    items: list[str] = []
    for line in lines:
        mark = _ITEM.match(line)
        if mark is not None:
            items.append(line[mark.end() :].strip())
        elif items and line.startswith(" ") and line.strip():
            items[-1] += f" {line.strip()}"
    return items
