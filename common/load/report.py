"""docs/benchmarks.md and its charts, from result files and nothing else."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from load import chart, result, table
from load.chart import Line
from load.figures import MAIN_OPERATIONS, Figures
from load.result import FLOOR, Result
from load.spread import Spread

HEAD = """# Benchmarks

Every figure and chart here was written by `./lab bench report` from the JSON files in
[benchmarks/](benchmarks/), which `./lab bench` and `./lab drill` wrote. Nothing is typed by hand.

How to read it:

- **Latency counts from when a request was due**, not from when it could be sent: a system that
  stalls is charged for everybody it kept waiting. Requests are due at random moments (a Poisson
  process), the same ones for every system.
- **CPU per request** is the processor time of all processes of a system, divided by the requests
  they answered. It is the figure that survives a noisy machine.
- **The floor** does the same statements on the same database under the same server, with nothing
  around them. A multiple of the floor is what the application itself costs.
- *0.71 (0.69-0.75)* is the median of the rounds, with the least and the most.
- **Two systems are compared round by round**, because they ran side by side and share the machine's
  good and bad minutes: *x 0.83 (0.74-0.97)* is the median of the rounds' ratios. Where some rounds
  say more and others less, the page says *no difference*. That five rounds agree happens by chance
  once in sixteen times, so look for a second reason before you believe one row.
- *One core for it, another for the load*: threads that pass the interpreter lock between cores pay
  for the trip, so what is compared is bound to one core. Figures on all cores stand beside it.
"""


def write(files: Sequence[Path], page: Path, charts: Path) -> list[Path]:
    """Write the page and the charts that it shows; return what was written."""
    drawn: dict[Path, str] = {}
    parts = [HEAD]
    for file in sorted(files, reverse=True):
        value = json.loads(file.read_text(encoding="utf-8"))
        if value.get("kind") == "bench":
            parts += _bench(result.read(file), file.stem, charts, drawn)
    drills = [_read(file) for file in sorted(files)]
    parts += _drills([one for one in drills if one.get("kind") == "drill"])
    charts.mkdir(parents=True, exist_ok=True)
    for path, picture in drawn.items():
        path.write_text(picture, encoding="utf-8")
    page.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    return [page, *drawn]


def _read(file: Path) -> dict[str, Any]:
    value = json.loads(file.read_text(encoding="utf-8"))
    return {**value, "stem": file.stem}


def _bench(found: Result, stem: str, charts: Path, drawn: dict[Path, str]) -> Iterator[str]:
    phases = ", ".join(found.subjects())
    yield f"\n## {phases[:1].upper()}{phases[1:]}, {found.about['when'][:10]}\n"
    yield from _about(found)
    for name, alternative, picture in _charts(found):
        path = charts / f"{stem}-{name}.svg"
        drawn[path] = picture
        yield f"\n![{alternative}]({charts.name}/{path.name})"
    yield from table.limits(found)
    for subject in found.subjects():
        for pinned in (True, False):
            yield from _tables(Figures(found, pinned=pinned), subject)
    compared = table.comparisons(Figures(found, pinned=True))
    if compared:
        yield "\n### Each phase beside the one before\n"
        heading = ("part", "phase", "CPU ms/request", "before", "CPU ms/request", "difference")
        yield from table.markdown(heading, compared)


def _about(found: Result) -> Iterator[str]:
    about, parameters = found.about, found.parameters
    machine, versions = about["machine"], about["versions"]
    commit = f"`{about['commit']}`" + (" with uncommitted changes" if about["changed"] else "")
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    loads = [run.load_average for run in found.runs]
    invalid, late = (
        sum(map(bool, marks))
        for marks in zip(*((run.invalid, run.late) for run in found.runs), strict=True)
    )
    yield (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}. {listed}. Commit {commit}. "
        f"{parameters['rounds']} rounds, {parameters['people']} people logged in, "
        f"world `{parameters['world']}`. Load average of the machine: {about['load_average']} "
        f"before, {min(loads)} to {max(loads)} meanwhile (the bench itself makes about 1.5). "
        f"The load generator's own limit: {found.generator_limit:.0f} requests/s; "
        f"of {len(found.runs)} runs, {invalid} came too near to it and are not used; of {late} the "
        "latencies are not used, because the machine let the generator wait."
    )


def _tables(figures: Figures, subject: str) -> Iterator[str]:
    cost = table.cost(figures, subject)
    if cost:
        yield f"\n### {table.title(subject, pinned=figures.pinned).capitalize()}\n"
        yield from table.markdown(table.COST, cost)
    speed = table.speed(figures, subject, "day")
    if speed:
        yield "\nA day of chat at a fixed rate:\n"
        yield from table.markdown(table.SPEED, speed)
        yield ""
        yield from table.markdown(table.SERVICE, table.services(figures, subject, "day"))
    for line in (table.delivery(figures, subject), table.saturation(figures, subject)):
        if line:
            yield f"\n{line[:1].upper()}{line[1:]}."


def _charts(found: Result) -> Iterator[tuple[str, str, str]]:
    """Yield name, alternative text and picture of each chart that the result has data for."""
    pinned, free = Figures(found, pinned=True), Figures(found, pinned=False)
    subjects = [name for one in found.subjects() for name in (one, one + FLOOR)]
    for name, figures in (("pinned", pinned), ("all-cores", free)):
        groups = [(part, [figures.cpu(one, part) for one in subjects]) for part in MAIN_OPERATIONS]
        if any(spread for _, row in groups for spread in row):
            title = table.title("CPU per request", pinned=figures.pinned)
            yield f"cpu-{name}", title, chart.bars(title, "ms", subjects, groups)
    yield from _latency_chart(free if not pinned.cpu(found.subjects()[0], "day") else pinned)
    yield from _saturation_chart(free)


def _latency_chart(figures: Figures) -> Iterator[tuple[str, str, str]]:
    subjects = figures.result.subjects()
    groups: list[tuple[str, list[Spread | None]]] = []
    for part, key in (("day", "latency_ms"), ("delivery", "receipt_ms")):
        for share in ("p50", "p95", "p99"):
            row = [figures.stage(one, part, key, share) for one in subjects]
            label = f"{'answer' if part == 'day' else 'receipt'} {share}"
            groups.append((label, row))
    if any(spread for _, row in groups for spread in row):
        title = "A day of chat: from due to answered, and from send to receipt"
        yield "latency", title, chart.bars(title, "ms", subjects, groups)


def _saturation_chart(figures: Figures) -> Iterator[tuple[str, str, str]]:
    drawn = [
        Line(subject, points)
        for subject in figures.result.subjects()
        if (points := _curve(figures, subject))
    ]
    if drawn:
        title = "Raising the rate: p99 from due to answered, on all cores"
        yield "saturation", title, chart.lines(title, "requests due per second", "ms", drawn)


def _curve(figures: Figures, subject: str) -> list[tuple[float, Spread]]:
    """Return p99 by rate, of the stages that every round has reached."""
    selected = figures.result.select(subject, "saturation", pinned=figures.pinned)
    runs = [run for run in selected if not run.late]
    points = []
    for stages in zip(*(run.stages for run in runs), strict=False):
        spread = Spread.of(stage["latency_ms"]["p99"] for stage in stages if stage["latency_ms"])
        if spread is not None:
            points.append((float(stages[0]["rate"]), spread))
    return points


def _drills(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    if found:
        yield "\n## Drills\n"
        yield "Each hurts a running system while every acknowledged message is counted."
    for one in found:
        about = one["about"]
        yield f"\n### {one['phase'].capitalize()}: {one['drill']}\n"
        yield f"{one['question']}\n"
        when = f"{about['when'][:10]}, commit `{about['commit']}`"
        yield f"**{one['verdict']}** ({when}, load average {about['load_average']})\n"
        rows = [(number["name"], number["text"]) for number in one["numbers"]]
        yield from table.markdown(("", "measured"), rows)
        if one["seconds"]:
            yield f"\n![{one['drill']} by the second](benchmarks/{one['stem']}.svg)"
