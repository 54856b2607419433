"""What an engine says about the services it runs; the same words for every engine."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from signal import Signals
from typing import Any

STARTS_ALLOWED = 3  # how often a service may end while its instance starts


class State(StrEnum):
    """Where a service is in its life."""

    WAITING = "waiting"  # for what it depends on
    RUNNING = "running"
    RESTARTING = "restarting"  # ended, will be started again after a pause
    STOPPING = "stopping"
    STOPPED = "stopped"  # was told to
    EXITED = "exited"  # by itself, and stays so


class Health(StrEnum):
    """What the health check says; a service without one has none."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Stage(StrEnum):
    """Where a whole instance is in its life."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass
class ServiceStatus:
    """One service.

    exits counts how often its process has ended by itself, started_at is Unix time in seconds;
    lasted is set once a service without a health check has run for a moment. `once` marks a
    service that others wait for to do its work and end.
    """

    service: str
    state: State = State.WAITING
    health: Health | None = None
    pid: int | None = None
    exits: int = 0
    exit_code: int | None = None
    started_at: float | None = None
    lasted: bool = False
    once: bool = False
    address: str | None = None
    note: str = ""

    @property
    def settled(self) -> bool:
        """Whether it has got as far as it should: healthy, running, or done without an error."""
        if self.state is State.EXITED:
            return self.exit_code == 0
        return self.state is State.RUNNING and self.health in (None, Health.HEALTHY)

    @property
    def started(self) -> bool:
        """Whether it is up: by its health check, or because it has not ended at once.

        One that has work to do must have done it.
        """
        if self.once:
            return self.state is State.EXITED and self.exit_code == 0
        if self.state is State.RUNNING and self.health is None:
            return self.lasted
        return self.settled


@dataclass
class InstanceStatus:
    """A whole instance; `problem` says why it failed."""

    stage: Stage
    services: dict[str, ServiceStatus]
    address: str | None = None
    problem: str = ""
    supervisor: int | None = None

    def named(self, word: str) -> list[str]:
        """Return the names of a service's replicas, or of the one that is named so."""
        replica = re.compile(rf"{re.escape(word)}(-\d+)?")
        return [word] if word in self.services else list(filter(replica.fullmatch, self.services))

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "InstanceStatus":
        """Undo to_json."""
        services = {name: _service(raw) for name, raw in value["services"].items()}
        return cls(**{**value, "stage": Stage(value["stage"]), "services": services})


def describe_exit(code: int) -> str:
    """Say how a process ended: `exited with code 3`, `was killed by SIGKILL`."""
    if code < 0:
        return f"was killed by {Signals(-code).name}"
    return f"exited with code {code}"


def why_not_started(services: Iterable[ServiceStatus]) -> str:
    """Say why a start has failed, "" if it may still succeed."""
    return next(filter(None, map(trouble, services)), "")


def trouble(service: ServiceStatus) -> str:
    """Say why a service will not get up, "" if it may."""
    failed = service.state is State.EXITED and service.exit_code != 0
    if failed or service.exits >= STARTS_ALLOWED:
        times = f" {service.exits} times" if service.exits > 1 else ""
        return f"{service.service} {describe_exit(service.exit_code or 0)}{times}"
    if service.health is Health.UNHEALTHY:
        return f"{service.service} is unhealthy: {service.note}"
    return ""


def _service(raw: dict[str, Any]) -> ServiceStatus:
    health = None if raw["health"] is None else Health(raw["health"])
    return ServiceStatus(**{**raw, "state": State(raw["state"]), "health": health})
