"""`lab down`."""

import click

from lab import engines, phases
from lab.cli import complete
from lab.cli.console import note, say
from lab.cli.up import stop
from lab.instance import Instance, of_phase


@click.command("down")
@click.argument("phase", required=False, shell_complete=complete.phases)
@click.option("--volumes", is_flag=True, help="Delete its data, too.")
def command(phase: str | None, *, volumes: bool) -> int:
    """Stop PHASE, or everything that runs. Data stays.

    Also cleans up after a crash. Nothing to stop is no error.
    """
    if phase is None:
        instances = [*engines.running(), *engines.crashed()]
    else:
        instances = [of_phase(phases.find(phase))]
    for instance in instances:
        _stop(instance)
        if volumes:
            engines.discard(instance)
            note(f"The data of {instance.phase.label} is deleted.")
    if not instances:
        say("nothing is running.")
    return 0


def _stop(instance: Instance) -> None:
    runner = engines.of(instance)
    if runner.is_running(instance):
        stop(runner, instance)
        return
    left = runner.clean_up(instance)
    if left:
        note(f"{instance.phase.label} had crashed; ended what was left ({left}).")
    else:
        say(f"{instance.phase.label} is not running.")
