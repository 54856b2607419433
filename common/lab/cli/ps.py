"""`lab ps`."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import click

from lab import engines
from lab.cli import complete
from lab.cli.console import say, say_json, the_instance
from lab.cli.progress import describe
from lab.engine import Usage
from lab.errors import FAILED, NOT_RUNNING
from lab.instance import Instance
from lab.status import InstanceStatus, ServiceStatus, Stage, State

SAMPLE = 0.3  # seconds of processor time looked at
_HEADINGS = ("SERVICE", "STATE", "ADDRESS", "PID", "RESTARTS", "UP", "MEMORY", "CPU", "CPU TIME")
_UNKNOWN = {field.name: None for field in fields(Usage)}


@click.command("ps")
@click.argument("phase", required=False, shell_complete=complete.phases)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for programs.")
def command(phase: str | None, *, as_json: bool) -> int:
    """Show the services of PHASE, or of everything that runs, and what they use.

    Exit code: 0 all well, 1 something is not, 3 nothing runs.
    """
    instances = engines.running() if phase is None else [the_instance(phase)]
    looks = [look for look in map(_look, instances) if look is not None]
    if as_json:
        say_json({"instances": [_as_json(look) for look in looks]})
    else:
        for look in looks:
            _show(look)
        if not looks:
            say("nothing is running. Start a phase: ./lab up 0")
    if not looks:
        return NOT_RUNNING
    return 0 if all(look.well for look in looks) else FAILED


@dataclass(frozen=True)
class _Look:
    """One instance that runs, and what its services use."""

    name: str
    engine: str
    status: InstanceStatus
    usage: Mapping[str, Usage]

    @property
    def well(self) -> bool:
        services = self.status.services.values()
        return self.status.stage is Stage.READY and all(one.settled for one in services)


def _look(instance: Instance) -> _Look | None:
    engine = engines.of(instance)
    status = engine.status(instance)
    if status is None:
        return None
    usage = engine.usage(instance, SAMPLE)
    return _Look(instance.directory.name, engine.name, status, usage)


def _as_json(look: _Look) -> dict[str, object]:
    services = []
    for name, service in look.status.services.items():
        known = asdict(service)
        del known["lasted"], known["once"]  # of use to the engines only
        used = look.usage.get(name)
        services.append({**known, **(asdict(used) if used else _UNKNOWN)})
    return {
        "name": look.name,
        "engine": look.engine,
        "stage": look.status.stage,
        "well": look.well,
        "address": look.status.address,
        "services": services,
    }


def _show(look: _Look) -> None:
    status = look.status
    state = status.stage.value if look.well or status.stage is not Stage.READY else "not well"
    title = click.style(look.name, bold=True)
    say(f"{title}  {state}  {status.address or ''}  ({look.engine})")
    rows = [_row(one, look.usage.get(name)) for name, one in status.services.items()]
    _table([_HEADINGS, *rows])


def _row(service: ServiceStatus, usage: Usage | None) -> tuple[str, ...]:
    running_ = service.state is State.RUNNING and service.started_at is not None
    return (
        service.service,
        describe(service),
        service.address or "-",
        str(service.pid or "-"),
        str(service.exits - (service.state is State.EXITED)),
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
