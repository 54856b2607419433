"""`lab open`."""

import os
import webbrowser

import click

from lab import engines
from lab.cli import complete
from lab.cli.console import must_run, note, say, the_instance
from lab.errors import LabError


@click.command("open")
@click.argument("phase", required=False, shell_complete=complete.phases)
def command(phase: str | None) -> int:
    """Open PHASE in the browser; without a desktop, print its address."""
    instance = the_instance(phase)
    must_run(instance)
    status = engines.of(instance).status(instance)
    if status is None or status.address is None:
        raise LabError(f"{instance.phase.label} publishes no port")
    say(status.address)
    if _has_desktop() and not webbrowser.open(status.address):
        note("no browser could be started; open the address by hand.")
    return 0


def _has_desktop() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
