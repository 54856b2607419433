"""`lab test`."""

import sys
import time
from collections.abc import Sequence
from functools import reduce
from operator import add

import click

from lab import engines
from lab.cli import complete
from lab.cli.console import engine_options, note, say, tell
from lab.cli.progress import Progress
from lab.engines import Kind
from lab.testing import targets
from lab.testing.admin import appoint
from lab.testing.isolated import isolated, sweep
from lab.testing.pytest_run import Outcome, run
from lab.testing.targets import Target


class _SplitAtDashes(click.Command):
    """A command whose words after `--` go to another program, wherever options stand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set the words after the first `--` aside."""
        position = args.index("--") if "--" in args else len(args)
        ctx.obj = args[position + 1 :]
        return super().parse_args(ctx, args[:position])


@click.command(
    "test",
    cls=_SplitAtDashes,
    options_metavar="[--docker | --native | --url URL]",
    epilog="Exit code: pytest's.",
)
@click.argument(
    "names",
    nargs=-1,
    metavar="[WHAT]... [-- PYTEST ARGUMENTS]",
    shell_complete=complete.targets,
)
@click.option("--url", metavar="URL", help="Run the contract suite against this address instead.")
@engine_options
@click.pass_context
def command(
    ctx: click.Context, names: tuple[str, ...], *, url: str | None, kind: Kind | None
) -> int:
    r"""Test WHAT: a phase (0), or `lab` itself; without a word, everything that can run here.

    A phase is tested in an instance of its own, on a free port and with throw-away data;
    one that you have running is not touched. Its own tests and the contract suite run
    together.

    \b
    lab test 0
    lab test lab -- -k ports
    lab test --url http://127.0.0.1:8000
    """
    arguments: list[str] = ctx.obj
    if url is not None:
        _refuse_both(names)
        return run([targets.CONTRACT], arguments, url=url, imports=()).code
    chosen = [targets.find(name) for name in names] or targets.everything()
    outcomes = [_test(kind, target, arguments, alone=len(chosen) == 1) for target in chosen]
    total = reduce(add, outcomes)
    if len(chosen) > 1:
        say(f"\n{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return total.code


def _refuse_both(names: Sequence[str]) -> None:
    if names:
        raise click.UsageError("--url tests what answers there; leave out what to start")


def _test(kind: Kind | None, target: Target, arguments: Sequence[str], *, alone: bool) -> Outcome:
    if not alone:
        note(click.style(f"\n== {target.name}", bold=True))
    if target.phase is None:
        return run(target.paths, arguments, url=None, imports=())
    sweep(target.phase)
    chosen = engines.choose(kind, tell)
    note(f"Engine: {chosen.words}.")
    began = time.monotonic()
    with (
        Progress(f"{target.phase.label} for the tests") as progress,
        isolated(chosen.engine, target.phase, progress) as (instance, address),
    ):
        progress.clear()
        note(f"{target.phase.label} is up at {address} after {time.monotonic() - began:.1f} s.")
        url = address if targets.TAKE_URL.intersection(target.paths) else None
        sys.stderr.flush()
        admin = appoint(instance, address) if targets.CONTRACT in target.paths else []
        words = [*admin, *arguments]
        outcome = run(target.paths, words, url=url, imports=[target.phase.directory])
        for tests in target.services:
            imports = [target.phase.directory, tests.parent, target.phase.directory / "tests"]
            outcome += run([tests], arguments, url=None, imports=imports)
    if outcome.code == 0:
        chosen.engine.discard(instance)
    else:
        note(f"The logs of the tested system: {instance.logs}")
    return outcome
