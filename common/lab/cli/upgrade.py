"""`lab upgrade`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from lab import engines
from lab.cli import complete
from lab.cli.console import must_run, note, require_empty, say, short_name, the_instance
from lab.data import in_words
from lab.errors import LabError, UsageError
from lab.instance import Instance
from lab.phases import position
from lab.streams import Progress
from lab.upgrade import DiffersError, Outcome, upgrade


@click.command("upgrade")
@click.argument("old", metavar="A", shell_complete=complete.phases)
@click.argument("new", metavar="B", shell_complete=complete.phases)
def command(old: str, new: str) -> int:
    """Carry all data of A over into B, a later phase or step that is empty; both run.

    A takes no writes meanwhile; afterwards it is as it was before. Every record is compared.
    Logins go on working in B. After an interruption, run it again.
    """
    source, target = the_instance(old), the_instance(new)
    _require_order(source, target)
    must_run(source)
    must_run(target)
    note(f"{source.phase.label} takes no writes while it is read.")
    try:
        outcome = upgrade(source, target, _meter, lambda: require_empty(target))
    except DiffersError as error:
        again = f"./lab reset {short_name(target)} --empty && ./lab upgrade {old} {new}"
        raise LabError(str(error), f"begin again: {again}") from None
    _tell(source, target, outcome)
    return 0


def _require_order(source: Instance, target: Instance) -> None:
    if source == target:
        raise UsageError(f"{source.phase.label} cannot be upgraded to itself")
    before, after = position(source.phase), position(target.phase)
    if before is not None and after is not None and after < before:
        raise UsageError(
            f"{target.phase.label} is older than {source.phase.label} and may not know its data",
            f"the other way round: ./lab upgrade {short_name(target)} {short_name(source)}",
        )


@contextmanager
def _meter(what: str, total: int) -> Iterator[Progress]:
    with click.progressbar(length=total, label=what, file=sys.stderr) as bar:
        yield bar.update


def _tell(source: Instance, target: Instance, outcome: Outcome) -> None:
    """Say what B holds, where it answers, and what has become of A."""
    old, new = source.phase.label, target.phase.label
    all_records = f"{sum(outcome.counts.values()):,} records"
    held = "holds" if outcome.copied else "held already"
    say(f"\n{new} {held} all that {old} holds: {in_words(outcome.counts)}.")
    if outcome.identical:
        say(f"{all_records}, the same bytes on both sides: SHA-256 {outcome.sha256}")
    else:
        say(f"{all_records}, each with all that it says in {old} (SHA-256 {outcome.sha256}).")
    status = engines.of(target).status(target)
    say(f"Logins go on working at {status.address if status else 'its address'}.")
    word = short_name(source)
    if outcome.read_only_before:
        say(f"{old} is read-only, as it was: ./lab read-only {word} off ends that.")
    else:
        say(f"{old} takes writes again; they do not reach {new}. ./lab down {word} stops it.")
