"""A compose.yaml after parsing: interpolated, checked, every short form spelled out."""

from collections.abc import Mapping
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
    is_range: bool = False
    """Whether several processes can publish it, each on a port of its own from `published` on."""


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
class Build:
    """What an image is built from; two builds that are equal make one image.

    `copies` maps paths in the image to those here that the Dockerfile copies there; `recipe`
    is the rest of the section.
    """

    context: Path
    copies: Mapping[str, Path] = field(default_factory=dict)
    recipe: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Secret:
    """A file that services are handed.

    Where there is none, one is made of `generate` random bytes; None: it must be there.
    """

    name: str
    file: Path
    generate: int | None = None


@dataclass(frozen=True)
class Grant:
    """A secret that a service is handed, and the path at which it finds it."""

    secret: Secret
    target: str


DEFAULT_NETWORK = "default"


@dataclass(frozen=True)
class Service:
    """One service of the file; `render` are targets of binds whose addresses are rewritten.

    `data` is the command that exports and imports, in the service that has one. `optional` are
    those of `depends_on` without which it starts if they are not to run; without `profiles` it
    always starts.
    """

    name: str
    build: Build | None
    image: str | None
    command: tuple[str, ...]
    working_dir: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    healthcheck: HealthCheck | None = None
    secrets: tuple[Grant, ...] = ()
    networks: tuple[str, ...] = (DEFAULT_NETWORK,)
    profiles: tuple[str, ...] = ()
    depends_on: dict[str, Condition] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    restart: Restart = Restart()
    stop_signal: str | None = None
    stop_grace_period: float = 10.0
    replicas: int = 1
    render: tuple[str, ...] = ()
    data: tuple[str, ...] = ()

    @property
    def context(self) -> Path | None:
        """The directory that it is built from, None for an image that others have built."""
        return self.build.context if self.build else None


@dataclass(frozen=True)
class Topology:
    """A whole compose.yaml; services stand in an order that respects depends_on.

    `profiles` are the file's variants, the first of which is meant unless others are asked for.
    """

    file: Path
    name: str
    services: dict[str, Service]
    volumes: tuple[str, ...]
    secrets: tuple[Secret, ...] = ()
    profiles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def one_shots(self) -> set[str]:
        """Return the services that others wait for to do their work and end."""
        return {
            other
            for service in self.services.values()
            for other, condition in service.depends_on.items()
            if condition is Condition.COMPLETED
        }
