"""`lab doctor`."""

from collections.abc import Iterable, Iterator, Sequence

import click

from lab.cli.console import say, say_json
from lab.doctor.examine import examine
from lab.doctor.report import (
    BrowserReport,
    EngineReport,
    Finding,
    MachineReport,
    PhaseReport,
    PortReport,
    Report,
)
from lab.errors import FAILED

_GIB = 2**30
_WELL, _ILL, _REMARK = (
    click.style(word, fg=colour) for word, colour in (("ok", "green"), ("no", "red"), ("- ", None))
)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for programs.")
def command(*, as_json: bool) -> int:
    """Say what this machine can run, what is missing, and what to type about it.

    Looks at Docker and the native engine, memory, disk, ports, what each phase needs,
    Chromium, and leftovers of earlier runs. Changes nothing.

    Exit code: 0 phase 0 can run here, 1 it cannot.
    """
    report = examine()
    if as_json:
        say_json(report.to_json())
    else:
        for line in _lines(report):
            say(line)
    return 0 if report.ok else FAILED


def _lines(report: Report) -> Iterator[str]:
    yield from _section("Engines", map(_engine, report.engines))
    yield from _section("Machine", [_machine(report.machine)])
    yield from _section("Ports of 127.0.0.1", _ports(report.ports))
    told = [engine.problem for engine in report.engines if engine.problem]
    yield from _section("Phases", (_phase(phase, told) for phase in report.phases))
    yield from _section("Browser tests (./lab test web)", [_browser(report.browser)])
    yield from _section("Left by earlier runs", [_leftovers(report.leftovers)])
    yield ""
    yield "Phase 0 runs here: ./lab up 0" if report.ok else "Phase 0 does not run here yet."


def _section(title: str, blocks: Iterable[Iterable[str]]) -> Iterator[str]:
    yield click.style(title, bold=True)
    for block in blocks:
        yield from (f"  {line}" for line in block)


def _found(mark: str, found: Finding) -> Iterator[str]:
    yield f"{mark} {found.what}"
    if found.fix is not None:
        yield f"   {click.style(found.fix, fg='cyan')}"


def _engine(engine: EngineReport) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in engine.versions.items())
    if engine.problem is None:
        yield f"{_WELL} {engine.name:<7} {versions or 'ordinary processes'}"
    else:
        yield from _found(f"{_ILL} {engine.name:<7}", engine.problem)


def _machine(machine: MachineReport) -> Iterator[str]:
    yield f"{machine.system}, {machine.cores} cores, Python {machine.python}"
    memory = f"{machine.memory_available / _GIB:.1f} of {machine.memory_total / _GIB:.1f} GiB"
    yield f"free: memory {memory}, disk {machine.disk_free / _GIB:.1f} GiB"
    for problem in machine.problems:
        yield from _found(_ILL, problem)


def _ports(ports: Sequence[PortReport]) -> Iterator[list[str]]:
    free = [str(one.port) for one in ports if one.holder is None]
    yield [f"{one.port}: {one.holder}" for one in ports if one.holder is not None]
    yield [f"free: {' '.join(free) or 'none of them'}"]


def _phase(phase: PhaseReport, told: Sequence[Finding]) -> Iterator[str]:
    """Say what it needs, but for what is `told` of a whole engine already."""
    images = f", with {', '.join(phase.images)}" if phase.images else ""
    yield f"{_WELL if phase.runs else _ILL} {phase.directory}{images}"
    for engine, needs in phase.engines.items():
        yield f"     {engine}: {'no' if needs.missing else 'yes'}"
        marked = [(_ILL, one) for one in needs.missing if one not in told]
        for mark, one in [*marked, *((_REMARK, one) for one in needs.notes)]:
            yield from (f"       {line}" for line in _found(mark, one))


def _browser(browser: BrowserReport) -> Iterator[str]:
    if browser.problem is None:
        yield f"{_WELL} {browser.version}: {browser.path}"
    else:
        yield from _found(_ILL, browser.problem)


def _leftovers(leftovers: Sequence[Finding]) -> Iterator[str]:
    if not leftovers:
        yield f"{_WELL} nothing"
    for found in leftovers:
        yield from _found(_REMARK, found)
