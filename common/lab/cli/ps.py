"""`lab ps`."""

import time

import click

from lab import engines
from lab.cli.console import describe, say, the_instance
from lab.engine import Engine, Usage
from lab.errors import FAILED, NOT_RUNNING
from lab.instance import Instance
from lab.status import InstanceStatus, ServiceStatus, Stage, State

SAMPLE = 0.3  # seconds of processor time looked at
_HEADINGS = ("SERVICE", "STATE", "ADDRESS", "PID", "RESTARTS", "UP", "MEMORY", "CPU", "CPU TIME")


@click.command("ps")
@click.argument("phase", required=False)
def command(phase: str | None) -> int:
    """Show the services of PHASE, or of everything that runs, and what they use.

    Exit code: 0 all well, 1 something is not, 3 nothing runs.
    """
    instances = engines.running() if phase is None else [the_instance(phase)]
    found = [(engines.of(one), one) for one in instances]
    looks = [(engine, one, engine.status(one)) for engine, one in found]
    well = [_show(engine, one, status) for engine, one, status in looks if status is not None]
    if not well:
        say("nothing is running. Start a phase: ./lab up 0")
        return NOT_RUNNING
    return 0 if all(well) else FAILED


def _show(engine: Engine, instance: Instance, status: InstanceStatus) -> bool:
    """Print one instance; returns whether all is well with it."""
    well = status.stage is Stage.READY and all(one.settled for one in status.services.values())
    title = click.style(instance.directory.name, bold=True)
    state = status.stage.value if well or status.stage is not Stage.READY else "not well"
    say(f"{title}  {state}  {status.address or ''}  ({engine.name})")
    usage = engine.usage(instance, SAMPLE)
    _table([_HEADINGS, *(_row(one, usage.get(name)) for name, one in status.services.items())])
    return well


def _row(service: ServiceStatus, usage: Usage | None) -> tuple[str, ...]:
    running_ = service.state is State.RUNNING and service.started_at is not None
    return (
        service.service,
        describe(service),
        service.address or "-",
        str(service.pid or "-"),
        str(service.exits),
        _span(time.time() - (service.started_at or 0)) if running_ else "-",
        f"{usage.memory / 2**20:.0f} MB" if usage else "-",
        f"{usage.cpu_percent:.0f} %" if usage else "-",
        f"{usage.cpu_seconds:.1f} s" if usage else "-",
    )


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(f"  {line.rstrip()}")


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
