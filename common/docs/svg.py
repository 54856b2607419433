"""Drawing a picture as SVG that carries its own colours for light and dark."""

from collections.abc import Iterator
from html import escape

from docs.picture import Arrow, BadPicture, Box, Picture, Rect

_STYLE = """
  svg { --page: #ffffff; --edge: #dfe2e8; --text: #1b1e24; --dim: #5a6170; --line: #767e8e;
    --service: #eef0fd; --service-edge: #3f4bd0; --store: #fff4dc; --store-edge: #a86a00;
    --client: #f4f5f8; --client-edge: #767e8e; --files: #eaf6ef; --files-edge: #1a7f4f;
    --part: #ffffff; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #181a20; --edge: #2f343f; --text: #e7e9ee; --dim: #a2a9b8; --line: #8d95a6;
      --service: #23284a; --service-edge: #8f9af8; --store: #3a3014; --store-edge: #e0b050;
      --client: #22252d; --client-edge: #8d95a6; --files: #1b3327; --files-edge: #58c894;
      --part: #181a20; }
  }
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
    "Liberation Sans", Arial, sans-serif; fill: var(--text); }
  .page { fill: var(--page); stroke: var(--edge); }
  .box { stroke-width: 1.5; }
  .service { fill: var(--service); stroke: var(--service-edge); }
  .store { fill: var(--store); stroke: var(--store-edge); }
  .client { fill: var(--client); stroke: var(--client-edge); }
  .files { fill: var(--files); stroke: var(--files-edge); }
  .title { font-size: 16px; font-weight: 650; }
  .line { font-size: 13px; fill: var(--dim); }
  .heading { font-size: 12px; fill: var(--dim); }
  .part { fill: var(--part); stroke: var(--service-edge); stroke-opacity: .45; }
  .name, .port { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas,
    "Liberation Mono", monospace; font-size: 12.5px; }
  .pill { fill: var(--service-edge); }
  .port { fill: var(--page); font-weight: 600; }
  .arrow { fill: none; stroke: var(--line); stroke-width: 1.6; }
  .events { stroke-dasharray: 6 5; }
  .head { fill: var(--line); }
  .label { font-size: 13px; paint-order: stroke; stroke: var(--page); stroke-width: 6px;
    stroke-linejoin: round; }
""".strip("\n")
_HEAD = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:g} {1:g}" width="{0:g}" height="{1:g}"
  role="img" aria-labelledby="title description">
<title id="title">{2}</title>
<desc id="description">{3}</desc>
<style>
{4}
</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
  orient="auto-start-reverse"><path class="head" d="M0 0.8 10 5 0 9.2z"/></marker></defs>
""".strip()
_SANS, _BOLD, _MONO = 0.56, 0.63, 0.605  # width of an average letter of a wide font, in sizes
_PADDING = 16.0
_PART_HEIGHT = 26.0


def draw(picture: Picture) -> str:
    """Return the SVG of a picture. Raises BadPicture where a text does not fit."""
    width, height = picture.width, picture.height
    body = [
        _HEAD.format(width, height, escape(picture.title), escape(picture.description), _STYLE),
        _rect("page", Rect(0.5, 0.5, width - 1, height - 1), 14),
    ]
    for arrow in picture.arrows:
        body += _arrow(arrow)
    for box in picture.boxes:
        body += _box(box)
    return "\n".join([*body, "</svg>", ""])


def _box(box: Box) -> Iterator[str]:
    marks = {"service": box.service, "volume": box.volume}
    attributes = "".join(f' data-{key}="{escape(value)}"' for key, value in marks.items() if value)
    yield f"<g{attributes}>"
    yield _outline(box)
    left, top = box.rect.x + _PADDING, box.rect.y + 27
    if box.kind == "store":
        top += 8
    room = box.rect.width - 2 * _PADDING
    yield _text("title", left, top, _fitting(box.title, room, 16 * _BOLD))
    for line in box.lines:
        top += 20
        yield _text("line", left, top, _fitting(line, room, 13 * _SANS))
    for parts in box.parts:
        top += 27
        yield _text("heading", left, top, _fitting(parts.heading, room, 12 * _SANS))
        places = list(_flow(parts.names, Rect(left, top + 9, room, 0)))
        for name, place in places:
            yield _part(name, place)
        top = places[-1][1].bottom
    if top > box.rect.bottom - 8:
        raise BadPicture(f"{box.name}: the box is {top - box.rect.bottom + 8:.0f} px too low")
    yield from _ports(box)
    yield "</g>"


def _outline(box: Box) -> str:
    r = box.rect
    shape = f'class="box {box.kind}"'
    if box.kind == "store":
        curve = 9
        half = r.width / 2
        arc = f"a{half:g} {curve} 0 0 0 {r.width:g} 0"
        return (
            f'<path {shape} d="M{r.x:g} {r.y + curve:g}v{r.height - 2 * curve:g}{arc}'
            f'v{2 * curve - r.height:g}a{half:g} {curve} 0 0 0 {-r.width:g} 0{arc}"/>'
        )
    if box.kind == "files":
        fold = 16
        return (
            f'<path {shape} d="M{r.x:g} {r.y:g}h{r.width - fold:g}l{fold} {fold}'
            f'v{r.height - fold:g}h{-r.width:g}zm{r.width - fold:g} 0v{fold}h{fold}"/>'
        )
    return _rect(f"box {box.kind}", r, 10)


def _ports(box: Box) -> Iterator[str]:
    """Draw published ports as pills on the upper edge."""
    right = box.rect.right - _PADDING
    for port in reversed(box.ports):
        words = f"127.0.0.1:{port}"
        width = len(words) * 12.5 * _MONO + 18
        pill = Rect(right - width, box.rect.y - 12, width, 24)
        label = _text("port", pill.x + 9, pill.y + 16.5, words)
        yield f'<g data-port="{port}">{_rect("pill", pill, 12)}{label}</g>'
        right = pill.x - 8


def _flow(names: list[str], room: Rect) -> Iterator[tuple[str, Rect]]:
    """Set names one after the other, in as many rows as they need."""
    x, y = room.x, room.y
    for name in names:
        width = len(name) * 12.5 * _MONO + 18
        if x + width > room.right and x > room.x:
            x, y = room.x, y + _PART_HEIGHT + 7
        yield name, Rect(x, y, width, _PART_HEIGHT)
        x += width + 7


def _part(name: str, at: Rect) -> str:
    return _rect("part", at, 6) + _text("name", at.x + 9, at.y + 17.5, name)


def _arrow(arrow: Arrow) -> Iterator[str]:
    points, middle, room = _route(arrow)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    style = "arrow events" if arrow.events else "arrow"
    yield f'<path class="{style}" d="{path}" marker-end="url(#head)"/>'
    if arrow.label:
        label = _fitting(arrow.label, room, 13 * _SANS)
        yield _text("label", *middle, label, anchor="middle")


Point = tuple[float, float]


def _route(arrow: Arrow) -> tuple[list[Point], Point, float]:
    """Return the line, where its label's middle stands, and how wide that may be."""
    a, b = arrow.start.rect, arrow.end.rect
    low, high = max(a.y, b.y), min(a.bottom, b.bottom)
    if low < high:
        y = low + (high - low) * (0.5 if arrow.at is None else arrow.at)
        left_to_right = a.x < b.x
        x1, x2 = (a.right, b.x) if left_to_right else (a.x, b.right)
        gap = 4 if left_to_right else -4
        return [(x1, y), (x2 - gap, y)], ((x1 + x2) / 2, y - 8), abs(x2 - x1) - 8
    low, high = max(a.x, b.x), min(a.right, b.right)
    if low < high:
        x = low + (high - low) * (0.5 if arrow.at is None else arrow.at)
        downwards = a.y < b.y
        y1, y2 = (a.bottom, b.y) if downwards else (a.y, b.bottom)
        gap = 4 if downwards else -4
        return [(x, y1), (x, y2 - gap)], (x, (y1 + y2) / 2 + 4), high - low
    return _corner(a, b)


def _corner(a: Rect, b: Rect) -> tuple[list[Point], Point, float]:
    """Leave sideways, arrive from above or below."""
    x, y = b.x + b.width / 2, a.y + a.height / 2
    x1 = a.right if a.x < b.x else a.x
    y2 = b.y - 4 if a.y < b.y else b.bottom + 4
    return [(x1, y), (x, y), (x, y2)], ((x1 + x) / 2, y - 8), abs(x - x1) - 8


def _fitting(text: str, room: float, letter: float) -> str:
    if len(text) * letter > room:
        raise BadPicture(f"{text!r} needs about {len(text) * letter:.0f} px, there are {room:.0f}")
    return text


def _rect(style: str, r: Rect, radius: float) -> str:
    return (
        f'<rect class="{style}" x="{r.x:g}" y="{r.y:g}" width="{r.width:g}" '
        f'height="{r.height:g}" rx="{radius:g}"/>'
    )


def _text(style: str, x: float, y: float, text: str, anchor: str | None = None) -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{style}" x="{x:g}" y="{y:g}"{where}>{escape(text, quote=False)}</text>'
