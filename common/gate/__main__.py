"""python -m gate: run the gate in this checkout, which must be a clean one. `.ci/run` makes it."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from gate import pool
from gate.leftovers import discard_instances, leftovers
from gate.parts import parts
from gate.record import Record
from gate.run import Gate, Options
from lab.errors import INTERRUPTED, Terminated
from lab.paths import ROOT


@click.command(".ci/run")
@click.option("--all", "everything", is_flag=True, help="Run all there is, whatever has changed.")
@click.option("--only", default="", metavar="PARTS", help="Run these alone: lint,native-0,docker")
@click.option("--record", is_flag=True, help="Write into .ci/tested.json what passed.")
@click.option("--one-at-a-time", is_flag=True, help="Never test two systems at once.")
@click.option("--source", type=Path, required=True, hidden=True)
def main(*, everything: bool, only: str, record: bool, one_at_a_time: bool, source: Path) -> int:
    """Prove that this commit may be sent on; docs/contributing.md tells what is run when."""
    if source.resolve() == ROOT:
        raise click.UsageError("in the end all that runs here is discarded: type bash .ci/run")
    names = tuple(filter(None, only.split(",")))
    at_once = 1 if one_at_a_time else pool.width()
    options = Options(source, everything=everything, only=names, record=record, at_once=at_once)
    gate = Gate(options, parts(everything=everything), Record.read(ROOT), leftovers)
    unknown = gate.unknown()
    if unknown:
        raise click.UsageError(f"there is no part {', '.join(unknown)}; there are: {gate.names()}")
    try:
        return gate.run()
    finally:
        discard_instances()


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background jobs ignore it
    try:
        sys.exit(main(prog_name=".ci/run", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
