"""`lab bench`."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from lab import engines, phases
from lab.cli import complete
from lab.cli.console import measuring_options, note, say, tell
from lab.cli.progress import Progress
from lab.data import Data, world
from lab.engine import Engine
from lab.engines import Kind
from lab.errors import UsageError
from lab.instance import Instance
from lab.paths import ROOT, STATE
from lab.phases import Phase

RESULTS = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"


class _PhasesOrReport(click.Group):
    """A group whose words are phases unless the first one is a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before what is no command."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("bench", cls=_PhasesOrReport)
def command() -> None:
    """Measure PHASES (all that are built, unless named), or write the report of results.

    \b
    lab bench 0 --quick
    lab bench 0 1
    lab bench report
    """  # noqa: D301 - click's mark for a block that is kept as it is


@command.command("run")
@click.argument("names", nargs=-1, metavar="[PHASE]...", shell_complete=complete.phases)
@click.option("--quick", is_flag=True, help="Two minutes instead of half an hour; rough figures.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the JSON result goes.")
@measuring_options
def run(names: tuple[str, ...], *, quick: bool, output: Path | None, kind: Kind | None) -> int:
    """Measure phases in turns, each in an instance of its own with the bench world."""
    from load import plan, table  # noqa: PLC0415 - heavy, and the report does not need it
    from load.bench import Bench  # noqa: PLC0415

    chosen = [phases.find(name) for name in names] or phases.built()
    if not chosen:
        raise UsageError("no phase is built yet")
    file = output or STATE / "bench" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    engine = engines.choose(kind or Kind.NATIVE, tell).engine
    with _instances(engine, chosen) as running:
        result = Bench(plan.QUICK if quick else plan.FULL, tell).run(engine, running)
    tell("done")
    note("")
    result.write(file)
    for line in table.whole(result):
        say(line)
    say(f"\nThe result lies in {file}")
    return 0


@command.command("report")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def report(files: tuple[Path, ...]) -> int:
    """Draw charts and write docs/benchmarks.md from result FILES.

    Without any, from those committed in docs/benchmarks/.
    """
    from load.report import write  # noqa: PLC0415 - only here

    for written in write(files or sorted(RESULTS.glob("*.json")), PAGE, RESULTS):
        say(str(written.relative_to(ROOT)))
    return 0


@contextlib.contextmanager
def _instances(engine: Engine, chosen: Sequence[Phase]) -> Iterator[list[tuple[Instance, str]]]:
    """Start every phase, seeded; stop and delete them in the end."""
    from load.subject import throw_away  # noqa: PLC0415 - heavy
    from load.world import WORLD  # noqa: PLC0415

    running: list[tuple[Instance, str]] = []
    with contextlib.ExitStack() as stack:
        for phase in chosen:
            with Progress(f"Starting {phase.label}") as progress:
                started = stack.enter_context(throw_away(engine, phase, progress, "bench"))
            tell(f"{phase.label} gets the bench world")
            with world(WORLD) as archive:
                Data(started[0], quiet=True).import_from(archive)
            running.append(started)
        yield running
