"""`lab down`."""

import click

from lab import phases
from lab.cli.console import engine, note, say
from lab.cli.up import stop
from lab.engine import Engine
from lab.instance import Instance, of_phase, running


@click.command("down")
@click.argument("phase", required=False)
def command(phase: str | None) -> int:
    """Stop PHASE, or everything that runs. Data stays.

    Also cleans up after a crash. Nothing to stop is no error.
    """
    runner = engine()
    instances = running() if phase is None else [of_phase(phases.find(phase))]
    for instance in instances:
        _stop(runner, instance)
    if not instances:
        say("nothing is running.")
    return 0


def _stop(runner: Engine, instance: Instance) -> None:
    if instance.is_running():
        stop(runner, instance)
        return
    left = runner.clean_up(instance)
    if left:
        note(f"{instance.phase.label} had crashed; ended {left} processes that it had left.")
    else:
        say(f"{instance.phase.label} is not running.")
