"""`lab drill`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab import engines, phases
from lab.cli import complete
from lab.cli.console import measuring_options, note, say, tell
from lab.cli.progress import Progress
from lab.engines import Kind
from lab.errors import FAILED, UsageError
from lab.paths import STATE
from lab.phases import Phase

if TYPE_CHECKING:
    from drill.definition import Drill
    from drill.outcome import Outcome


@click.command("drill", epilog="Exit code: 0 only if no message was harmed and all claims held.")
@click.argument("phase", shell_complete=complete.phases)
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Name the drills of PHASE.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=STATE / "drills",
    help="Where picture and JSON go; .lab/drills unless given.",
)
@measuring_options
def command(
    phase: str,
    name: str | None,
    *,
    listed: bool,
    as_json: bool,
    output: Path,
    kind: Kind | None,
) -> int:
    """Hurt PHASE as the drill NAME says, count every message, and give a verdict.

    Without NAME, all drills of PHASE. The phase before, where there is one that can, goes
    through the same, and both are printed.

    \b
    lab drill 0 --list
    lab drill 0 killed
    """  # noqa: D301 - click's mark for a block that is kept as it is
    from drill import definition  # noqa: PLC0415 - heavy, and --help does not need it

    chosen = phases.find(phase)
    if listed:
        _list(definition.drills_of(chosen), as_json=as_json)
        return 0
    drills = [definition.find(chosen, name)] if name else definition.drills_of(chosen)
    if not drills:
        raise UsageError(f"{chosen.label} has no drills yet")
    good = [
        _run(drill, _with_the_one_before(chosen, drill), kind, output, as_json=as_json)
        for drill in drills
    ]
    return 0 if all(good) else FAILED


def _list(drills: Sequence["Drill"], *, as_json: bool) -> None:
    if as_json:
        say(json.dumps([{"name": one.name, "question": one.question} for one in drills], indent=1))
        return
    width = max((len(one.name) for one in drills), default=0)
    for one in drills:
        say(f"{one.name:<{width}}  {one.question}")


def _with_the_one_before(phase: Phase, drill: "Drill") -> list[Phase]:
    if drill.alone:
        return [phase]
    built = phases.built()
    before = [one for one in built if one.port == phase.port - 1 and phase in built]
    return [*before, phase]


def _run(
    drill: "Drill", run_on: Sequence[Phase], kind: Kind | None, output: Path, *, as_json: bool
) -> bool:
    """Run one drill on each phase; return whether the last one passed."""
    from drill import runner, telling  # noqa: PLC0415 - as above

    note(click.style(f"\n== {drill.name}", bold=True))
    outcomes = []
    for phase in run_on:
        choice = engines.choose(kind or Kind.NATIVE, tell)
        with Progress(f"Starting {phase.label}") as progress:
            outcomes.append(runner.run(drill, choice.engine, phase, progress, tell))
    tell("done")
    note("")
    files = [_keep(drill, outcome, output) for outcome in outcomes]
    if as_json:
        say(json.dumps([{"drill": drill.name, **one.to_json()} for one in outcomes], indent=1))
    else:
        for line in telling.text(drill, outcomes):
            say(line)
        say(f"Pictures: {', '.join(map(str, files))}")
    return outcomes[-1].is_good


def _keep(drill: "Drill", outcome: "Outcome", output: Path) -> Path:
    """Write picture and JSON; return the picture's path."""
    from drill import telling  # noqa: PLC0415 - as above
    from load import machine  # noqa: PLC0415

    output.mkdir(parents=True, exist_ok=True)
    stem = f"{outcome.phase.replace(' ', '')}-{drill.name}"
    about = machine.describe()
    kept = {"kind": "drill", "drill": drill.name, "question": drill.question, "about": about}
    text = json.dumps({**kept, **outcome.to_json()}, indent=1)
    (output / f"{stem}.json").write_text(text + "\n", encoding="utf-8")
    picture = output / f"{stem}.svg"
    picture.write_text(telling.picture(drill, outcome), encoding="utf-8")
    return picture
