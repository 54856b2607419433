"""`lab logs`."""

import click

from lab import engines
from lab.cli import complete
from lab.cli.console import the_instance
from lab.cli.show import print_line
from lab.errors import NotRunningError, UsageError


@click.command("logs")
@click.argument("phase", required=False, shell_complete=complete.phases)
@click.argument("services", nargs=-1, metavar="[SERVICE]...", shell_complete=complete.services)
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C or until it ends.")
@click.option("-n", "--tail", type=click.IntRange(0), help="Only the last N lines of a service.")
@click.option("--raw", is_flag=True, help="Leave lines that are JSON as they are.")
@click.option("-t", "--timestamps", is_flag=True, help="Show when each line was written (UTC).")
def command(
    phase: str | None,
    services: tuple[str, ...],
    *,
    follow: bool,
    tail: int | None,
    timestamps: bool,
    raw: bool,
) -> int:
    """Show what the services of PHASE have written, of all or of the SERVICEs named.

    PHASE may be left out while only one runs. Lines that begin with `--` are the engine's.
    Of a stopped phase it shows the last run.
    """
    instance = the_instance(phase)
    runner = engines.of(instance)
    status = runner.last_status(instance)
    if status is None:
        raise NotRunningError(f"{instance.phase.label} has not run yet", "start it: ./lab up")
    known = list(status.services)
    for service in services:
        if not status.named(service):
            raise UsageError(
                f"{instance.phase.label} has no service {service!r}", f"it has: {', '.join(known)}"
            )
    names = [name for service in services for name in status.named(service)] or known
    for line in runner.logs(instance, names, tail, follow=follow):
        if line is not None:
            print_line(line, names, times=timestamps, raw=raw)
        elif not runner.is_running(instance):
            break
    return 0
