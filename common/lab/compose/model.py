"""A compose.yaml after parsing: interpolated, checked, every short form spelled out."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Condition(StrEnum):
    """What a dependency must have reached before the dependent starts."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class RestartMode(StrEnum):
    """When a service that ended is started again."""

    NO = "no"
    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    UNLESS_STOPPED = "unless-stopped"


@dataclass(frozen=True)
class Restart:
    """A restart policy; max_retries only for on-failure, None means without end."""

    mode: RestartMode = RestartMode.NO
    max_retries: int | None = None


@dataclass(frozen=True)
class HealthCheck:
    """A probe; times in seconds. `shell` means that test is one line for /bin/sh."""

    test: tuple[str, ...]
    shell: bool
    interval: float
    timeout: float
    retries: int
    start_period: float
    start_interval: float


@dataclass(frozen=True)
class Port:
    """A published port; published is None where any free one will do."""

    target: int
    published: int | None


@dataclass(frozen=True)
class Mount:
    """A directory that a service sees under another path.

    Exactly one of volume (a named volume) and host (an existing path) is set; neither means
    a throw-away directory (tmpfs).
    """

    target: str
    volume: str | None = None
    host: Path | None = None


@dataclass(frozen=True)
class Service:
    """One service of the file; `render` are targets of binds whose addresses are rewritten."""

    name: str
    context: Path | None
    image: str | None
    command: tuple[str, ...]
    working_dir: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    healthcheck: HealthCheck | None = None
    depends_on: dict[str, Condition] = field(default_factory=dict)
    restart: Restart = Restart()
    stop_signal: str | None = None
    stop_grace_period: float = 10.0
    replicas: int = 1
    render: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topology:
    """A whole compose.yaml; services stand in an order that respects depends_on."""

    file: Path
    name: str
    services: dict[str, Service]
    volumes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
