"""Starting and stopping an instance on any engine, for every command that needs one."""

import time
from collections.abc import Callable

from lab.engine import Engine
from lab.errors import LabError
from lab.instance import Instance
from lab.status import InstanceStatus, Stage, State

POLL = 0.05  # seconds
Observer = Callable[[InstanceStatus | None], None]


def wait_until_ready(engine: Engine, instance: Instance, observe: Observer) -> InstanceStatus:
    """Return once everything is up, or done; observe is called several times a second.

    Raises LabError with the reason if the instance fails instead; it has ended then.
    """
    while True:
        alive = engine.is_running(instance)
        status = engine.last_status(instance)
        observe(status)
        if status is not None and status.stage is Stage.READY and alive:
            return status
        if status is not None and status.stage is Stage.FAILED and alive:
            engine.request_stop(instance)
            wait_until_down(engine, instance, observe)
            raise LabError(_why(instance, status))
        if not alive and status is not None and _is_done(status):
            return status
        if not alive:
            raise LabError(_why(instance, status))
        time.sleep(POLL)


def wait_until_down(engine: Engine, instance: Instance, observe: Observer) -> None:
    """Return once no process is left."""
    while engine.is_running(instance):
        observe(engine.last_status(instance))
        time.sleep(POLL)


def _is_done(status: InstanceStatus) -> bool:
    """Tell whether it ended by itself, all its services without an error."""
    return status.stage is Stage.STOPPED and all(
        service.state is State.EXITED and service.exit_code == 0
        for service in status.services.values()
    )


def _why(instance: Instance, status: InstanceStatus | None) -> str:
    if status is not None and status.problem:
        return f"{instance.phase.label} did not start: {status.problem}"
    if status is not None and status.stage in (Stage.STOPPING, Stage.STOPPED):
        return f"{instance.phase.label} was stopped"
    return f"{instance.phase.label} did not start; see {instance.own_log}"
