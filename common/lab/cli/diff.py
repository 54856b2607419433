"""`lab diff`."""

import sys
from collections.abc import Iterator

import click

from lab.cli import complete
from lab.errors import UsageError
from lab.paths import ROOT
from lab.steps.compare import Comparison, compare
from lab.steps.route import Route, Trees
from lab.steps.store import open_store


@click.command("diff")
@click.argument("a", shell_complete=complete.phases)
@click.argument("b", shell_complete=complete.phases)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--stat", is_flag=True, help="Only the summary.")
def command(a: str, b: str, paths: tuple[str, ...], *, stat: bool) -> int:
    """Show what changes from A to B, each a phase (0) or a step (1.2); only PATHs, if given.

    First a summary: files moved, added, changed and deleted. Lines that only move are dimmed.
    README.md, diffs/ and the architecture picture are not compared.
    """
    colour = sys.stdout.isatty()
    with open_store(ROOT) as store:
        made = compare(Trees(store, Route(ROOT)), a, b, paths, colour=colour)
    if paths and not made.files:
        raise UsageError(f"from {made.title} nothing changes in {', '.join(paths)}")
    text = "\n".join(_summary(made)) + "\n"
    if not stat:
        text += "\n" + made.text
    if colour:
        click.echo_via_pager(text, color=True)
    else:
        click.echo(text, nl=False)
    return 0


def _summary(made: Comparison) -> Iterator[str]:
    yield click.style(f"{made.title}: {made.totals}", bold=True)
    for file in made.files:
        yield f"  {file}"
    if made.idea:
        yield f"\n{made.idea}"
    for number, spot in enumerate(made.read_first, start=1):
        yield f"  read {number}: {spot.path} at `{spot.text}`: {spot.why}"
