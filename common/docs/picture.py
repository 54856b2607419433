"""The architecture picture of a phase: architecture.yaml, laid out by hand on a grid.

Boxes name the columns and rows they stand in, so that a service keeps its place from phase to
phase and two pictures can be compared by eye. Nothing is measured with fonts: the same source
gives the same bytes on every machine.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SOURCE = "architecture.yaml"
DRAWING = "architecture.svg"
KINDS = ("client", "service", "store", "files")


class BadPicture(Exception):
    """The source cannot be drawn."""


@dataclass(frozen=True)
class Rect:
    """A place in the drawing, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class Parts:
    """A row of small boxes inside a box, under a heading."""

    heading: str
    names: list[str]


@dataclass(frozen=True)
class Box:
    """Something that runs, keeps or asks; `service`, `volume`, `ports` are compose.yaml's words."""

    name: str
    kind: str
    title: str
    rect: Rect
    service: str | None = None
    volume: str | None = None
    ports: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    parts: list[Parts] = field(default_factory=list)


@dataclass(frozen=True)
class Arrow:
    """Who calls whom; `events` are drawn dashed. `at` shifts it along the side, 0 to 1."""

    start: Box
    end: Box
    label: str
    events: bool
    at: float | None


@dataclass(frozen=True)
class Picture:
    """A whole drawing."""

    title: str
    description: str
    width: float
    height: float
    boxes: list[Box]
    arrows: list[Arrow]


MARGIN = 28.0


def load(file: Path) -> Picture:
    """Read a source. Raises BadPicture."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    try:
        return _picture(raw)
    except (LookupError, TypeError, ValueError) as error:
        raise BadPicture(f"{file.name}: {error!r}") from error


def _picture(raw: dict[str, Any]) -> Picture:
    across, down = raw["gap"]
    columns = _edges(raw["columns"], across)
    rows = _edges(raw["rows"], down)
    boxes = {name: _box(name, dict(words), columns, rows) for name, words in raw["boxes"].items()}
    arrows = [_arrow(dict(words), boxes) for words in raw["arrows"]]
    right = max(box.rect.right for box in boxes.values())
    bottom = max(box.rect.bottom for box in boxes.values())
    return Picture(
        title=raw["title"],
        description=" ".join(raw["description"].split()),
        width=right + MARGIN,
        height=bottom + MARGIN,
        boxes=list(boxes.values()),
        arrows=arrows,
    )


def _edges(sizes: list[float], gap: float) -> list[tuple[float, float]]:
    """Return where each column or row begins and ends."""
    edges = []
    position = MARGIN
    for size in sizes:
        edges.append((position, position + size))
        position += size + gap
    return edges


def _box(
    name: str,
    words: dict[str, Any],
    columns: list[tuple[float, float]],
    rows: list[tuple[float, float]],
) -> Box:
    if words["kind"] not in KINDS:
        raise BadPicture(f"{name}: a box is one of {', '.join(KINDS)}")
    column, row = words.pop("at")
    wide, high = words.pop("size", (1, 1))
    left, right = columns[column][0], columns[column + wide - 1][1]
    top, bottom = rows[row][0], rows[row + high - 1][1]
    parts = [Parts(heading, names) for heading, names in words.pop("parts", {}).items()]
    rect = Rect(left, top, right - left, bottom - top)
    return Box(name=name, rect=rect, parts=parts, **words)


def _arrow(words: dict[str, Any], boxes: dict[str, Box]) -> Arrow:
    arrow = Arrow(
        start=boxes[words.pop("from")],
        end=boxes[words.pop("to")],
        label=words.pop("label", ""),
        events=words.pop("events", False),
        at=words.pop("along", None),
    )
    if words:
        raise BadPicture(f"an arrow has no {', '.join(words)}")
    return arrow
