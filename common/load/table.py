"""A result as text: what `lab bench` prints, and the tables of docs/benchmarks.md."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from load.figures import MAIN_OPERATIONS, Figures
from load.result import FLOOR, Result
from load.spread import difference, written

Row = Sequence[str]
COST = ("operation", "CPU ms/request", "floor's", "x floor", "queries", "app ms", "db ms")
SPEED = ("operation", "requests/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors")
SERVICE = ("service", "CPU s/1000 requests", "memory MiB")


def aligned(heading: Row, rows: Sequence[Row]) -> list[str]:
    """Return lines for a terminal: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heading, *rows)
    ]


def markdown(heading: Row, rows: Sequence[Row]) -> list[str]:
    """Return lines of Markdown."""
    rule = ["---", *("---:" for _ in heading[1:])]
    return ["| " + " | ".join(row) + " |" for row in (heading, rule, *rows)]


def cost(figures: Figures, subject: str) -> list[Row]:
    """Return what main operations cost, beside the floor; see COST."""
    return [
        (
            part,
            written(figures.cpu(subject, part)),
            written(figures.cpu(subject + FLOOR, part)),
            written(figures.multiple(subject, part)),
            *(
                written(figures.stage(subject, part, "operations", part, key))
                for key in ("queries", "app_ms", "db_ms")
            ),
        )
        for part in MAIN_OPERATIONS
        if figures.cpu(subject, part)
    ]


def speed(figures: Figures, subject: str, part: str) -> list[Row]:
    """Return how fast answers came at the fixed rate, from due time; see SPEED."""
    rows = [_speed_row(figures, subject, part, part, (), written(figures.errors(subject, part)))]
    rows += [
        _speed_row(figures, subject, part, f"- {name}", ("operations", name), "")
        for name in figures.operations(subject, part)
    ]
    return rows if figures.stage(subject, part, "throughput") else []


def _speed_row(
    figures: Figures, subject: str, part: str, label: str, path: Sequence[str], errors: str
) -> Row:
    rate = figures.stage(subject, part, "throughput") if not path else None
    latencies = (
        written(figures.stage(subject, part, *path, "latency_ms", key), 1)
        for key in ("p50", "p95", "p99", "max")
    )
    return label, written(rate, 1) if rate else "", *latencies, f"{errors} %" if errors else ""


def services(figures: Figures, subject: str, part: str) -> list[Row]:
    """Return what each service used; see SERVICE."""
    return [
        (
            name,
            written(figures.cpu_of(subject, part, name)),
            written(figures.memory(subject, part, name), 0),
        )
        for name in figures.services(subject)
        if figures.cpu_of(subject, part, name)
    ]


def delivery(figures: Figures, subject: str) -> str:
    """Say how long a message takes to the others, in one line; "" if it was not measured."""
    p50, p99 = (figures.stage(subject, "delivery", "receipt_ms", key) for key in ("p50", "p99"))
    if p50 is None:
        return ""
    part = next(one for one in figures.result.parameters["parts"] if one["name"] == "delivery")
    return (
        f"send to receipt, {part['rate']:.0f} messages/s in conversations of "
        f"{figures.result.parameters['circle']}, {part['listeners']} sockets: "
        f"p50 {written(p50, 1)} ms, p99 {written(p99, 1)} ms"
    )


def saturation(figures: Figures, subject: str) -> str:
    """Say where the knee is, in one line; "" if it was not measured."""
    found = figures.knee(subject)
    if found is None:
        return ""
    bound = figures.result.parameters["bound"]
    least = "" if figures.is_saturated(subject) else "at least "
    return (
        f"saturation: {least}{written(found, 0)} requests/s "
        f"before p99 exceeds {bound['p99_ms']} ms or {100 * bound['errors']:.0f} % fail"
    )


def comparisons(figures: Figures) -> list[Row]:
    """Return each phase beside the one before: CPU per request of every part."""
    rows: list[Row] = []
    for before, now in pairwise(figures.result.subjects()):
        for part in (*MAIN_OPERATIONS, "day", "delivery"):
            one, other = figures.cpu(now, part), figures.cpu(before, part)
            ratio = figures.ratio(now, before, part)
            if one and other and ratio:
                said = difference(ratio, figures.result.parameters["rounds"])
                rows.append((part, now, written(one), before, written(other), said))
    return rows


def whole(result: Result) -> Iterator[str]:
    """Yield everything that a person at a terminal wants to see."""
    limit = result.generator_limit
    yield f"The load generator's own limit: {limit:.0f} requests/s."
    yield from limits(result)
    for run in result.doubtful():
        what = "INVALID, not used" if run.invalid else "INVALID latencies, not used"
        why = (run.invalid + run.late)[0]
        yield f"{what}: {run.part}, {run.subject}, round {run.round}: {why}"
    for subject in result.subjects():
        for pinned in (True, False):
            figures = Figures(result, pinned=pinned)
            if cost(figures, subject):
                yield from ("", title(subject, pinned=pinned))
                yield from _subject(figures, subject)
    compared = comparisons(Figures(result, pinned=True))
    if compared:
        yield from ("", *aligned(("part", "phase", "CPU ms", "before", "CPU ms", ""), compared))


def limits(result: Result) -> Iterator[str]:
    """Say which limits the phases went by that have any."""
    for name, chosen in result.parameters.get("limits", {}).items():
        if chosen != "none":
            yield f"{name} ran with the limits `{chosen}`."


def title(subject: str, *, pinned: bool) -> str:
    """Return a heading."""
    where = "one core for it, another for the load" if pinned else "on all cores"
    return f"{subject}, {where}"


def _subject(figures: Figures, subject: str) -> Iterator[str]:
    for heading, rows in (
        (COST, cost(figures, subject)),
        (SPEED, speed(figures, subject, "day")),
        (SERVICE, services(figures, subject, "day")),
    ):
        if rows:
            yield from ("", *aligned(heading, rows))
    lines = [line for line in (delivery(figures, subject), saturation(figures, subject)) if line]
    if lines:
        yield from ("", *lines)
