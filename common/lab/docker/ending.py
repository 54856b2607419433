"""Ends a project when its standard input ends: `python -m lab.docker.ending DIRECTORY [kill]`.

`lab up` holds the other end of that pipe, so that containers do not outlive it, however it
ends; writing a byte lets them go on. With nothing to wait for it simply ends the project.
"""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.docker import api, logs
from lab.docker.compose import Project
from lab.docker.containers import Container, named, of_project, statuses
from lab.docker.record import read_record
from lab.errors import LabError
from lab.instance import STATE_FILE, Instance, load
from lab.status import InstanceStatus, Stage, State

_OTHERS = 120.0  # seconds that somebody who starts this instance is waited for


def end(instance: Instance, *, kill: bool = False) -> None:
    """Stop all containers gracefully, or at once; keep their logs, remove all but the volumes."""
    record = read_record(instance)
    if record is None:
        return
    project = Project(record.project)
    if kill:
        project.do("kill")  # another process that stops them gracefully is done sooner for it
    lock = instance.try_lock(_OTHERS)  # held to the end of this process: it is not down yet
    if lock is None:
        raise LabError(f"somebody has been starting {instance.phase.label} for {_OTHERS:g} s")
    engine = api.connect()
    containers = named(of_project(engine, record.project))
    if containers:
        project.do("stop")
        logs.save(instance, engine, containers)
        _write_down(instance, containers, record.address)
    project.do("down", "--remove-orphans")


def _write_down(
    instance: Instance, containers: Mapping[str, Container], address: str | None
) -> None:
    """Keep what `lab logs` asks for when the containers are gone."""
    services = statuses(containers)
    for service in services.values():
        if service.state is not State.EXITED:
            service.state, service.health = State.STOPPED, None
    status = InstanceStatus(Stage.STOPPED, services, address)
    instance.write(STATE_FILE, status.to_json())


def main(directory: str, *words: str) -> int:
    """Wait for the end of standard input, then end the instance in a state directory."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever is told to stop closes the pipe
    if sys.stdin.buffer.read(1):
        return 0
    instance = load(Path(directory))
    if instance is not None:
        end(instance, kill="kill" in words)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
