"""One service of a compose.yaml: which keys it may have, and who reads each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.compose.build import parse_build
from lab.compose.environment import env_files, environment
from lab.compose.lifecycle import (
    depends_on,
    health_check,
    replicas,
    restart,
    stop_signal,
)
from lab.compose.model import Mount, Secret, Service
from lab.compose.mounts import absolute, parse_mounts
from lab.compose.networks import joined
from lab.compose.ports import exposed, parse_ports
from lab.compose.secrets import granted
from lab.compose.section import Section, argv, duration, listing, refuse, text
from lab.compose.yamlfile import Location

# What Docker does with these makes a container safer, smaller or easier to find. A process
# that runs as the person who started it is none of that, and no behaviour depends on it.
IGNORED = (
    "cap_add",
    "cap_drop",
    "container_name",
    "cpus",
    "init",
    "labels",
    "logging",
    "mem_limit",
    "mem_reservation",
    "pids_limit",
    "platform",
    "pull_policy",
    "read_only",
    "security_opt",
    "shm_size",
    "user",
)


@dataclass(frozen=True)
class Context:
    """What a service's keys may refer to."""

    directory: Path
    variables: Mapping[str, str]
    volumes: Sequence[str]
    networks: Sequence[str]
    secrets: Mapping[str, Secret]


def parse_service(name: str, value: object, where: Location, context: Context) -> Service:
    """Read one service. Raises RefusedError."""
    section = Section(value, where)
    section.skip(IGNORED)
    directory, variables = context.directory, context.variables
    from_files = env_files(*section.take("env_file"), directory, variables)
    mounts = parse_mounts(section, directory, context.volumes)
    needs, optional = depends_on(*section.take("depends_on"))
    render, data = _of_lab(*section.take("x-lab"), mounts)
    service = Service(
        name=name,
        build=parse_build(*section.take("build"), directory),
        image=_optional_text(*section.take("image")),
        command=_command(section),
        working_dir=_optional_text(*section.take("working_dir")),
        environment={**from_files, **environment(*section.take("environment"), variables)},
        ports=parse_ports(*section.take("ports")),
        expose=exposed(*section.take("expose")),
        mounts=mounts,
        healthcheck=health_check(*section.take("healthcheck")),
        secrets=granted(*section.take("secrets"), context.secrets),
        networks=joined(*section.take("networks"), context.networks),
        profiles=tuple(text(*item) for item in listing(*section.take("profiles"))),
        depends_on=needs,
        optional=optional,
        restart=restart(*section.take("restart")),
        stop_signal=stop_signal(*section.take("stop_signal")),
        stop_grace_period=duration(*section.take("stop_grace_period"), default=10.0),
        replicas=replicas(*section.take("deploy")),
        render=render,
        data=data,
    )
    section.done()
    if service.build is None and service.image is None:
        raise refuse(where, "needs either build or image")
    return service


def _optional_text(value: object, where: Location) -> str | None:
    return None if value is None else text(value, where)


def _command(section: Section) -> tuple[str, ...]:
    entrypoint = argv(*section.take("entrypoint")) or ()
    return entrypoint + (argv(*section.take("command")) or ())


def _of_lab(
    value: object, where: Location, mounts: Sequence[Mount]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read what the Compose specification leaves to us: which binds hold addresses, whose data."""
    section = Section(value, where)
    render = _render(*section.take("render"), mounts)
    data = argv(*section.take("data")) or ()
    for name in ("dead-letters", "roles", "sockets"):
        argv(*section.take(name))  # whoever asks for it reads it where it stands
    section.done()
    return render, data


def _render(raw: object, place: Location, mounts: Sequence[Mount]) -> tuple[str, ...]:
    targets = []
    for item, item_place in listing(raw, place):
        target = absolute(text(item, item_place), item_place)
        if not any(mount.target == target and mount.host is not None for mount in mounts):
            raise refuse(item_place, f"{target} is not the target of a bind mount of this service")
        targets.append(target)
    return tuple(targets)
