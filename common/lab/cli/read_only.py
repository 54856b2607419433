"""`lab read-only`."""

import click

from lab import freeze
from lab.cli import complete
from lab.cli.console import must_run, say, short_name, the_instance


@click.command("read-only")
@click.argument("phase", shell_complete=complete.phases)
@click.argument("state", metavar="on|off", type=click.Choice(["on", "off"]))
def command(phase: str, state: str) -> int:
    """Have PHASE refuse every write (on), across restarts, until it takes them again (off).

    Good before an upgrade after which the old phase shall stay as it is.
    """
    instance = the_instance(phase)
    must_run(instance)
    freeze.switch(instance, read_only=state == "on")
    word = short_name(instance)
    if state == "on":
        say(f"{instance.phase.label} refuses every write. ./lab read-only {word} off ends that.")
    else:
        say(f"{instance.phase.label} takes writes.")
    return 0
