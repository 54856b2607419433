"""Charts as SVG that fit light and dark pages: grouped bars with their spread, and lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import floor, log10

from load.spread import Spread

WIDTH = 760
LEFT, RIGHT, TOP = 64, 20, 62
PLOT = 230
"""Height of the plotting area."""
STYLE = """
  .page { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #3b4252 }
  .title { font-size: 15px; font-weight: 600; fill: #1b2230 } .mark { font-size: 11px }
  .grid { stroke: #dfe3ea } .axis { stroke: #6b7385 } .range { stroke: #1b2230; stroke-width: 1.5 }
  .when { stroke: #6b7385; stroke-dasharray: 3 3 } .line { fill: none; stroke-width: 2 }
  .s0 { fill: #2563c9; stroke: #2563c9 } .s1 { fill: #d06a12; stroke: #d06a12 }
  .s2 { fill: #0f8a7c; stroke: #0f8a7c } .s3 { fill: #b83280; stroke: #b83280 }
  .bar { stroke: none } .band { stroke: none; opacity: .18 } path.line { fill: none }
  @media (prefers-color-scheme: dark) {
    .page { fill: #12161d } text { fill: #c3cad6 } .title { fill: #eef1f6 }
    .grid { stroke: #2b323d } .axis { stroke: #8a93a3 } .range { stroke: #eef1f6 }
    .when { stroke: #8a93a3 }
    .s0 { fill: #6ea8fe; stroke: #6ea8fe } .s1 { fill: #f5a65b; stroke: #f5a65b }
    .s2 { fill: #4fd1c0; stroke: #4fd1c0 } .s3 { fill: #f28cc0; stroke: #f28cc0 }
    path.line { fill: none }
  }
"""


@dataclass(frozen=True)
class Line:
    """A named line; with a spread at each x, a band is drawn around it."""

    label: str
    points: Sequence[tuple[float, Spread]]


@dataclass(frozen=True)
class Axis:
    """What is measured along an axis, and up to where it reaches."""

    label: str
    top: float
    steps: list[float] = field(default_factory=list)


def bars(
    title: str,
    unit: str,
    series: Sequence[str],
    groups: Sequence[tuple[str, Sequence[Spread | None]]],
) -> str:
    """Draw groups of bars, one bar per series, each with its least and most as a whisker."""
    axis = _axis(unit, [one.high for _, row in groups for one in row if one])
    canvas = _Canvas(title, axis, series)
    slot = (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    width = min(slot * 0.8 / max(len(series), 1), 60)
    for number, (label, row) in enumerate(groups):
        centre = LEFT + slot * (number + 0.5)
        canvas.text(centre, TOP + PLOT + 18, label, anchor="middle")
        for place, spread in enumerate(row):
            if spread is not None:
                x = centre + (place - len(series) / 2) * width
                canvas.bar(x + 2, width - 4, spread, place)
    return canvas.close()


def lines(
    title: str,
    across: str,
    unit: str,
    drawn: Sequence[Line],
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """Draw lines over a number, with dashed uprights at `marks`, which say what happened there."""
    axis = _axis(unit, [spread.high for line in drawn for _, spread in line.points])
    canvas = _Canvas(title, axis, [line.label for line in drawn], rows=len(marks))
    ends = [x for line in drawn for x, _ in line.points] + [x for x, _ in marks]
    last = max(ends, default=1) or 1
    scale = (WIDTH - LEFT - RIGHT) / last
    for step in _steps(last):
        canvas.text(LEFT + step * scale, TOP + PLOT + 18, _short(step), anchor="middle")
    canvas.text(WIDTH - RIGHT, TOP + PLOT + 34, across, anchor="end")
    for number, (x, words) in enumerate(marks, start=1):
        canvas.mark(LEFT + x * scale, number, f"{number}. {x:.1f}: {words}")
    for number, line in enumerate(drawn):
        canvas.line([(LEFT + x * scale, spread) for x, spread in line.points], number)
    return canvas.close()


class _Canvas:
    """A frame with title, legend and a vertical axis, to be drawn into."""

    def __init__(self, title: str, axis: Axis, legend: Sequence[str], rows: int = 0) -> None:
        self._scale = PLOT / axis.top
        self._height = TOP + PLOT + 44 + 15 * rows
        box = f'viewBox="0 0 {WIDTH} {self._height}"'
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{self._height}" rx="6"/>',
        ]
        self.text(LEFT, 24, title, kind="title")
        self._legend(legend)
        for step in axis.steps:
            y = self._y(step)
            self._add(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
            self.text(LEFT - 8, y + 4, _short(step), anchor="end")
        self.text(LEFT - 8, TOP - 10, axis.label, anchor="middle")
        bottom = self._y(0)
        self._add(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        )

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", kind: str = ""
    ) -> None:
        """Write words."""
        named = f' class="{kind}"' if kind else ""
        self._add(
            f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def bar(self, x: float, width: float, spread: Spread, series: int) -> None:
        """Draw a bar, its whisker and its value."""
        y, middle = self._y(spread.middle), x + width / 2
        height = self._y(0) - y
        self._add(
            f'<rect class="bar s{series % 4}" x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{height:.1f}"/>'
        )
        low, high = self._y(spread.low), self._y(spread.high)
        self._add(f'<path class="range" d="M{middle:.1f} {low}V{high}"/>')
        self.text(middle, high - 5, _short(spread.middle), anchor="middle")

    def line(self, points: Sequence[tuple[float, Spread]], series: int) -> None:
        """Draw a line and the band of its spread."""
        if not points:
            return
        there = [f"{x:.1f} {self._y(spread.high)}" for x, spread in points]
        back = [f"{x:.1f} {self._y(spread.low)}" for x, spread in reversed(points)]
        self._add(f'<path class="band s{series % 4}" d="M{"L".join([*there, *back])}Z"/>')
        middle = "L".join(f"{x:.1f} {self._y(spread.middle)}" for x, spread in points)
        self._add(f'<path class="line s{series % 4}" d="M{middle}"/>')

    def mark(self, x: float, number: int, words: str) -> None:
        """Draw an upright, and what it means below the axis."""
        self._add(f'<path class="when" d="M{x:.1f} {TOP}V{TOP + PLOT}"/>')
        self.text(x + 3, TOP + 9, str(number), kind="mark")
        self.text(LEFT, TOP + PLOT + 38 + 15 * number, words, kind="mark")

    def close(self) -> str:
        """Return the picture."""
        return "\n".join([*self._parts, "</svg>\n"])

    def _legend(self, labels: Sequence[str]) -> None:
        x = float(LEFT + 40)
        for number, label in enumerate(labels):
            self._add(f'<rect class="bar s{number % 4}" x="{x}" y="36" width="11" height="11"/>')
            self.text(x + 16, 46, label)
            x += 34 + 7 * len(label)

    def _y(self, value: float) -> float:
        return round(TOP + PLOT - value * self._scale, 1)

    def _add(self, part: str) -> None:
        self._parts.append(part)


def _axis(label: str, values: Sequence[float]) -> Axis:
    steps = _steps(max(values, default=1) * 1.08 or 1)
    return Axis(label, max([*steps, max(values, default=1) * 1.08, 1e-9]), steps)


def _steps(top: float) -> list[float]:
    """Return round numbers from 0 up to `top`, about five of them."""
    size = 10 ** floor(log10(top / 5))
    step = next(size * factor for factor in (1, 2, 5, 10) if top / (size * factor) <= 6)
    return [number * step for number in range(int(top / step) + 1)]


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
