"""The containers of a project, as the engine's API tells of them."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from signal import Signals
from typing import Any

from lab.docker.api import Api
from lab.status import Health, ServiceStatus, State

PROJECT = "com.docker.compose.project"
_SERVICE = "com.docker.compose.service"
_NUMBER = "com.docker.compose.container-number"
_DEPENDS_ON = "com.docker.compose.depends_on"
_COMPLETED = "service_completed_successfully"
_ONE_OFF = "com.docker.compose.oneoff"
LASTING = 1.0  # seconds: a service without a health check that runs so long is up
_ALIVE = ("created", "running", "restarting", "paused", "removing")
_KEEP_UP = ("always", "unless-stopped")


@dataclass(frozen=True)
class Container:
    """One container; `raw` is what inspecting it says."""

    id: str
    raw: dict[str, Any]

    @property
    def service(self) -> str:
        """The service that it belongs to."""
        return str(self.raw["Config"]["Labels"][_SERVICE])

    @property
    def number(self) -> int:
        """Which of the service's replicas it is, from 1."""
        return int(self.raw["Config"]["Labels"][_NUMBER])

    @property
    def alive(self) -> bool:
        """Whether it runs, or will without anybody's doing."""
        return self.raw["State"]["Status"] in _ALIVE

    @property
    def is_kept_up(self) -> bool:
        """Whether its restart policy starts it again after any end that nobody asked for."""
        return self.raw["HostConfig"]["RestartPolicy"]["Name"] in _KEEP_UP

    @property
    def completions(self) -> Iterator[str]:
        """The services whose work it waits for, from a label like `job:CONDITION:false,…`."""
        for one in self.raw["Config"]["Labels"].get(_DEPENDS_ON, "").split(","):
            service, _, condition = one.partition(":")
            if condition.partition(":")[0] == _COMPLETED:
                yield service

    def status(self, name: str, *, once: bool = False) -> ServiceStatus:
        """Return the same in the words of every engine; `once`: others wait for its work."""
        state = self.raw["State"]
        health = state.get("Health") or {}
        alive = state["Status"] in ("running", "paused")
        return ServiceStatus(
            name,
            state=self._state(),
            health=Health(health["Status"]) if alive and health else None,
            pid=state["Pid"] or None,
            exits=self.raw["RestartCount"] + (self._state() is State.EXITED),
            exit_code=None if alive else self._exit_code(),
            started_at=_seconds(state["StartedAt"]) if alive else None,
            lasted=alive and time.time() - _seconds(state["StartedAt"]) > LASTING,
            once=once,
            address=", ".join(self.addresses()) or None,
            note=self._note(),
        )

    def addresses(self) -> list[str]:
        """Return host:port of every published port."""
        bindings = self.raw["NetworkSettings"]["Ports"] or {}
        return [
            f"{one['HostIp']}:{one['HostPort']}" for several in bindings.values() if several
            for one in several
        ]  # fmt: skip

    def _note(self) -> str:
        state = self.raw["State"]
        if state["OOMKilled"]:
            return "ran out of memory: mem_limit"
        log = (state.get("Health") or {}).get("Log") or []
        failed = state["Running"] and log and log[-1]["ExitCode"] != 0
        return str(log[-1]["Output"]).strip() if failed else ""

    def _exit_code(self) -> int:
        """Return the code, negative for a signal as of a process: Docker adds it to 128."""
        code = int(self.raw["State"]["ExitCode"])
        return 128 - code if code - 128 in list(Signals) else code

    def _state(self) -> State:
        match self.raw["State"]["Status"]:
            case "created":
                return State.WAITING
            case "running" | "paused":
                return State.RUNNING
            case "restarting":
                return State.RESTARTING
            case "removing":
                return State.STOPPING
        return State.STOPPED if self.is_kept_up else State.EXITED


def of_project(api: Api, project: str) -> list[Container]:
    """Return a project's containers, without one-off ones, by service and number."""
    found = []
    for short in api.get("/containers/json", all=True, filters={"label": [f"{PROJECT}={project}"]}):
        if short["Labels"].get(_ONE_OFF) != "True":
            raw = _inspect(api, short["Id"])
            found += [Container(short["Id"], raw)] if raw else []
    return sorted(found, key=lambda one: (one.service, one.number))


def named(containers: list[Container]) -> dict[str, Container]:
    """Return containers by the name of their service, with a number where it has several."""
    services = [one.service for one in containers]
    return {
        one.service if services.count(one.service) == 1 else f"{one.service}-{one.number}": one
        for one in containers
    }


def statuses(containers: Mapping[str, Container]) -> dict[str, ServiceStatus]:
    """Return the status of each of a project's containers."""
    once = {service for one in containers.values() for service in one.completions}
    return {name: one.status(name, once=one.service in once) for name, one in containers.items()}


def has_volumes(api: Api, project: str) -> bool:
    """Tell whether a project has data."""
    return bool(api.get("/volumes", filters={"label": [f"{PROJECT}={project}"]})["Volumes"])


def _inspect(api: Api, container: str) -> dict[str, Any] | None:
    """Return what inspecting says; None if it has gone in the meantime."""
    raw = api.find(f"/containers/{container}/json")
    assert raw is None or isinstance(raw, dict)  # noqa: S101 - what the API promises
    return raw


def _seconds(stamp: str) -> float:
    """Return Unix time from RFC 3339 with nanoseconds."""
    return datetime.fromisoformat(stamp[:23].rstrip("Z") + "+00:00").timestamp()
