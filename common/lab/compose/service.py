"""One service of a compose.yaml."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.compose.dotenv import DotenvError, parse_dotenv
from lab.compose.model import (
    Condition,
    HealthCheck,
    Mount,
    Port,
    Restart,
    RestartMode,
    Service,
)
from lab.compose.section import (
    Section,
    argv,
    duration,
    integer,
    listing,
    port_number,
    refuse,
    text,
)
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
IGNORED_IN_BUILD = ("args", "cache_from", "dockerfile", "labels", "pull", "tags", "target")
IGNORED_IN_DEPLOY = ("resources",)
LOOPBACK = "127.0.0.1"
FIRST_PROBES = 0.25  # seconds; compose.yaml files leave it out: engines before 25.0 refuse it


@dataclass(frozen=True)
class Context:
    """What a service's keys may refer to."""

    file: Path
    variables: Mapping[str, str]
    volumes: tuple[str, ...]


def parse_service(name: str, value: object, where: Location, context: Context) -> Service:
    """Read one service. Raises RefusedError."""
    section = Section(value, where)
    section.skip(IGNORED)
    build = _build(*section.take("build"), context)
    image, image_place = section.take("image")
    entrypoint = argv(*section.take("entrypoint")) or ()
    command = entrypoint + (argv(*section.take("command")) or ())
    if build is not None and not command:
        raise refuse(where, "name its command here; a Dockerfile's CMD is not read natively")
    from_files = _env_files(*section.take("env_file"), context)
    working_dir, working_dir_place = section.take("working_dir")
    mounts = _mounts(section, context)
    service = Service(
        name=name,
        context=build,
        image=None if image is None else text(image, image_place),
        command=command,
        working_dir=None if working_dir is None else text(working_dir, working_dir_place),
        environment={**from_files, **_environment(*section.take("environment"), context)},
        ports=tuple(_port(*item) for item in listing(*section.take("ports"))),
        expose=tuple(port_number(*item) for item in listing(*section.take("expose"))),
        mounts=mounts,
        healthcheck=_healthcheck(*section.take("healthcheck")),
        depends_on=_depends_on(*section.take("depends_on")),
        restart=_restart(*section.take("restart")),
        stop_signal=_stop_signal(*section.take("stop_signal")),
        stop_grace_period=duration(*section.take("stop_grace_period"), default=10.0),
        replicas=_replicas(*section.take("deploy")),
        render=_render(*section.take("x-lab"), mounts),
    )
    section.done()
    if service.context is None and service.image is None:
        raise refuse(where, "needs either build or image")
    return service


def _build(value: object, where: Location, context: Context) -> Path | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = {"context": value}
    section = Section(value, where)
    section.skip(IGNORED_IN_BUILD)
    path, place = section.take("context")
    section.done()
    directory = _host_path(text("." if path is None else path, place), context)
    if not directory.is_dir():
        raise refuse(place, f"there is no directory {directory}")
    return directory


def _host_path(raw: str, context: Context) -> Path:
    return (context.file.parent / Path(raw).expanduser()).resolve()


def _environment(value: object, where: Location, context: Context) -> dict[str, str]:
    """Read the map form and the list form; a key without a value is passed on if it is set."""
    pairs: list[tuple[str, object, Location]] = []
    if isinstance(value, list):
        for item, place in listing(value, where):
            key, equals, rest = text(item, place).partition("=")
            pairs.append((key, rest if equals else None, place))
    else:
        pairs.extend(Section(value, where).items())
    result = {}
    for key, item, place in pairs:
        if item is not None:
            result[key] = text(item, place)
        elif key in context.variables:
            result[key] = context.variables[key]
    return result


def _env_files(value: object, where: Location, context: Context) -> dict[str, str]:
    if value is None or isinstance(value, str):
        value = [] if value is None else [value]
    result: dict[str, str] = {}
    for item, place in listing(value, where):
        section = Section({"path": item} if isinstance(item, str) else item, place)
        path = _host_path(text(*section.take("path")), context)
        required, _ = section.take("required")
        section.done()
        if not path.is_file():
            if required is False:
                continue
            raise refuse(place, f"there is no file {path}")
        try:
            result |= parse_dotenv(path.read_text(encoding="utf-8"), context.variables)
        except DotenvError as error:
            raise refuse(place, f"{path}: {error}") from None
    return result


def _port(value: object, where: Location) -> Port:
    if isinstance(value, dict):
        section = Section(value, where)
        section.skip(("name", "app_protocol"))
        target = port_number(*section.take("target"))
        raw, place = section.take("published")
        host_ip, _ = section.take("host_ip")
        protocol, _ = section.take("protocol")
        section.done()
        published = None if raw is None else port_number(raw, place)
    else:
        short, _, protocol = text(value, where).partition("/")
        host_ip, _, ports = short.rpartition(":")
        host_ip, _, first = host_ip.rpartition(":") if ":" in host_ip else ("", "", host_ip)
        if "." in first:  # ip::target, any published port
            host_ip, first = first, ""
        target = port_number(ports, where)
        published = port_number(first, where) if first else None
    if protocol not in (None, "", "tcp"):
        raise refuse(where, f"the native engine publishes tcp only, not {protocol}")
    if host_ip != LOOPBACK:
        raise refuse(where, f'publish on loopback only, like "{LOOPBACK}:8000:8000"')
    return Port(target, published)


def _mounts(section: Section, context: Context) -> tuple[Mount, ...]:
    mounts = [_mount(item, place, context) for item, place in listing(*section.take("volumes"))]
    value, where = section.take("tmpfs")
    for item, place in listing([value] if isinstance(value, str) else value, where):
        target, _, _ = text(item, place).partition(":")
        mounts.append(Mount(_absolute(target, place)))
    return tuple(mounts)


def _mount(value: object, where: Location, context: Context) -> Mount:
    if isinstance(value, dict):
        section = Section(value, where)
        section.skip(("read_only",))
        kind = text(*section.take("type"))
        target = _absolute(text(*section.take("target")), where)
        source, place = section.take("source")
        section.done()
        if kind == "tmpfs":
            return Mount(target)
        if kind not in ("volume", "bind"):
            raise refuse(where, f"the native engine knows no mounts of type {kind!r}")
        source = text(source, place)
    else:
        parts = text(value, where).split(":")
        if len(parts) not in (2, 3):
            raise refuse(where, "expected SOURCE:TARGET or SOURCE:TARGET:ro")
        if len(parts) == 3 and not set(parts[2].split(",")) <= {"ro", "rw", "z", "Z"}:
            raise refuse(where, f"the native engine does not know the mount option {parts[2]!r}")
        source, target = parts[0], _absolute(parts[1], where)
        kind = "bind" if source.startswith((".", "/", "~")) else "volume"
    if kind == "volume":
        if source not in context.volumes:
            raise refuse(where, f"the volume {source!r} is not declared under `volumes:`")
        return Mount(target, volume=source)
    host = _host_path(source, context)
    if not host.exists():
        raise refuse(where, f"there is nothing at {host} to mount")
    return Mount(target, host=host)


def _absolute(target: str, where: Location) -> str:
    if not target.startswith("/") or target.rstrip("/") == "":
        raise refuse(where, f"the target {target!r} must be an absolute path below /")
    return target.rstrip("/")


def _healthcheck(value: object, where: Location) -> HealthCheck | None:
    if value is None:
        return None
    section = Section(value, where)
    disabled, _ = section.take("disable")
    raw, place = section.take("test")
    check = HealthCheck(
        test=(),
        shell=False,
        interval=duration(*section.take("interval"), default=30.0),
        timeout=duration(*section.take("timeout"), default=30.0),
        retries=3 if (taken := section.take("retries"))[0] is None else integer(*taken),
        start_period=duration(*section.take("start_period"), default=0.0),
        start_interval=duration(*section.take("start_interval"), default=FIRST_PROBES),
    )
    section.done()
    if disabled is True or raw in (["NONE"], "NONE"):
        return None
    if isinstance(raw, str):
        raw = ["CMD-SHELL", raw]
    kind, *test = argv(raw, place) or ("",)
    if kind not in ("CMD", "CMD-SHELL") or not test or (kind == "CMD-SHELL" and len(test) != 1):
        raise refuse(place, 'expected ["CMD", …], ["CMD-SHELL", "…"], ["NONE"] or one line')
    return HealthCheck(**{**vars(check), "test": tuple(test), "shell": kind == "CMD-SHELL"})


def _depends_on(value: object, where: Location) -> dict[str, Condition]:
    if isinstance(value, list):
        return {text(item, place): Condition.STARTED for item, place in listing(value, where)}
    result = {}
    for name, options, place in Section(value, where).items():
        section = Section(options, place)
        condition, condition_place = section.take("condition")
        section.done()
        raw = text("service_started" if condition is None else condition, condition_place)
        if raw not in list(Condition):
            raise refuse(condition_place, f"expected one of {', '.join(Condition)}, not {raw!r}")
        result[name] = Condition(raw)
    return result


def _restart(value: object, where: Location) -> Restart:
    if value is None:
        return Restart()
    raw, _, retries = text(value, where).partition(":")
    if raw not in list(RestartMode) or (retries and raw != RestartMode.ON_FAILURE):
        raise refuse(where, f"expected one of {', '.join(RestartMode)}, not {raw!r}")
    return Restart(RestartMode(raw), integer(retries, where) if retries else None)


def _replicas(value: object, where: Location) -> int:
    deploy = Section(value, where)
    deploy.skip(IGNORED_IN_DEPLOY)
    raw, place = deploy.take("replicas")
    deploy.done()
    number = 1 if raw is None else integer(raw, place)
    if number < 1:
        raise refuse(place, "the native engine runs at least one of each service")
    return number


def _render(value: object, where: Location, mounts: Sequence[Mount]) -> tuple[str, ...]:
    """Read what the Compose specification leaves to us: which binds hold addresses."""
    section = Section(value, where)
    raw, place = section.take("render")
    section.done()
    targets = []
    for item, item_place in listing(raw, place):
        target = _absolute(text(item, item_place), item_place)
        if not any(mount.target == target and mount.host is not None for mount in mounts):
            raise refuse(item_place, f"{target} is not the target of a bind mount of this service")
        targets.append(target)
    return tuple(targets)


def _stop_signal(value: object, where: Location) -> str | None:
    if value is None:
        return None
    raw = text(value, where).upper()
    if raw.isdecimal() and int(raw) in list(signal.Signals):
        return signal.Signals(int(raw)).name
    name = raw if raw.startswith("SIG") else f"SIG{raw}"
    if name not in signal.Signals.__members__:
        raise refuse(where, f"there is no signal {raw!r}")
    return name
