"""From a topology to processes: every command, environment, directory and port settled."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.compose.model import HealthCheck, Service, Topology
from lab.compose.parse import compose_variables, load
from lab.errors import RefusedError
from lab.instance import PLAN_FILE, Instance, directories
from lab.native.ports import PortChooser
from lab.native.rewrite import Rewriter
from lab.paths import STATE, VENV

MAIN_PORT = "CHAT_PORT"  # the variable that a compose.yaml publishes its front door with
MARK = "LAB_INSTANCE"  # in every service's environment, so that strays can be found
_PASSED_ON = ("HOME", "LANG", "PATH")


@dataclass(frozen=True)
class ProcessPlan:
    """One process to run; ports maps container ports to loopback ports."""

    service: str
    argv: list[str]
    environment: dict[str, str]
    cwd: str
    ports: dict[int, int]
    directories: list[str]
    throwaway: list[str]
    probe: list[str]


@dataclass(frozen=True)
class Plan:
    """A whole instance; `main_port` is where a browser goes, None if nothing is published."""

    main_port: int | None
    processes: dict[str, ProcessPlan]

    def ports(self) -> set[int]:
        """Return every port that this plan uses."""
        return {port for process in self.processes.values() for port in process.ports.values()}

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Plan":
        """Undo to_json, after a trip through JSON text."""
        processes = {
            name: ProcessPlan(**{**raw, "ports": {int(a): b for a, b in raw["ports"].items()}})
            for name, raw in value["processes"].items()
        }
        return cls(value["main_port"], processes)


def make_plan(instance: Instance, avoid: frozenset[int] = frozenset()) -> tuple[Topology, Plan]:
    """Read the phase's compose.yaml and settle everything; writes plan.json.

    Ports in avoid, and those of other instances of this checkout, are not used. Raises
    RefusedError.
    """
    with _port_choice():
        chooser = PortChooser(avoid | _ports_of_others(instance))
        variables = compose_variables(instance.phase.directory, {})
        wish = variables.get(MAIN_PORT, "")
        main = chooser.at_or_after(int(wish) if wish.isdecimal() else instance.phase.port)
        topology = load(instance.phase.directory, {MAIN_PORT: str(main)})
        plan = _Planner(instance, topology, chooser, main).plan()
        instance.write(PLAN_FILE, plan.to_json())
    return topology, plan


def check(instance: Instance) -> Topology:
    """Read the compose.yaml and refuse what cannot run natively; changes nothing."""
    port = instance.phase.port
    topology = load(instance.phase.directory, {MAIN_PORT: str(port)})
    _Planner(instance, topology, PortChooser({port}), port).plan()
    return topology


@contextlib.contextmanager
def _port_choice() -> Iterator[None]:
    """Let instances choose their ports one after the other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "ports.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _ports_of_others(instance: Instance) -> set[int]:
    taken: set[int] = set()
    for directory in directories():
        other = Instance(instance.phase, directory)
        raw = other.read(PLAN_FILE) if directory != instance.directory else None
        if raw is not None and other.is_running():
            taken |= Plan.from_json(raw).ports()
    return taken


class _Planner:
    """Plans one instance; ports are settled as they are met."""

    def __init__(
        self, instance: Instance, topology: Topology, chooser: PortChooser, main: int
    ) -> None:
        self.instance = instance
        self.topology = topology
        self.chooser = chooser
        self.main = main
        self.ports: dict[tuple[str, int], int] = {}
        self.main_port: int | None = None

    def plan(self) -> Plan:
        """Settle published ports first, then everything that mentions an address."""
        for service in self.topology.services.values():
            for port in service.ports:
                self.ports[service.name, port.target] = self._published(port.published)
        if self.main_port is None and self.ports:
            self.main_port = next(iter(self.ports.values()))
        drafts = {name: self._process(service) for name, service in self.topology.services.items()}
        return Plan(self.main_port, {name: draft() for name, draft in drafts.items()})

    def _published(self, wish: int | None) -> int:
        if wish == self.main and self.main_port is None:
            self.main_port = self.main
            return self.main
        return self.chooser.any() if wish is None else self.chooser.at_or_after(wish)

    def _address(self, service: str, port: int) -> int:
        own = self.ports.get((service, port))
        if own is None and port in self.ports.values():
            return port  # already an address of this machine
        if own is None:
            own = self.ports[service, port] = self.chooser.any()
        return own

    def _process(self, service: Service) -> Callable[[], ProcessPlan]:
        """Rewrite a service now; finish once all ports that others give it are known."""
        if service.context is None:
            raise RefusedError(
                f"service {service.name!r} needs the image {service.image}, and the native engine "
                "has no adapter for it"
            )
        paths, made, throwaway = self._paths(service)
        rewrite = Rewriter(service.name, self.topology.services, paths, self._address)
        self._refuse_portless(service, rewrite)
        scratch = self.instance.tmp / service.name / "tmp"
        environment = {
            **_base_environment(),
            "TMPDIR": str(scratch),
            MARK: str(self.instance.directory),
            **{key: rewrite(value) for key, value in service.environment.items()},
        }
        argv = [rewrite(part) for part in service.command]
        self._refuse_unheard_port(service)
        cwd = self._cwd(service, paths)
        probe = _probe(service.healthcheck, rewrite)
        return lambda: ProcessPlan(
            service=service.name,
            argv=argv,
            environment=environment,
            cwd=str(cwd),
            ports={port: here for (name, port), here in self.ports.items() if name == service.name},
            directories=[str(path) for path in made],
            throwaway=[str(path) for path in (*throwaway, scratch)],
            probe=probe,
        )

    def _paths(self, service: Service) -> tuple[dict[str, Path], list[Path], list[Path]]:
        """Return container path → directory here, and which of these to make and to empty."""
        paths: dict[str, Path] = {}
        made: list[Path] = []
        throwaway: list[Path] = []
        for mount in service.mounts:
            if mount.host is not None:
                paths[mount.target] = mount.host
            elif mount.volume is not None:
                paths[mount.target] = self.instance.volumes / mount.volume
                made.append(paths[mount.target])
            else:
                paths[mount.target] = self.instance.tmp / service.name / mount.target.lstrip("/")
                throwaway.append(paths[mount.target])
        return paths, made, throwaway

    def _cwd(self, service: Service, paths: dict[str, Path]) -> Path:
        assert service.context is not None  # noqa: S101 - refused before
        if service.working_dir is None or not service.working_dir.startswith("/"):
            return service.context / (service.working_dir or "")
        for target in sorted(paths, key=len, reverse=True):
            if Path(service.working_dir).is_relative_to(target):
                return paths[target] / Path(service.working_dir).relative_to(target)
        raise RefusedError(
            f"service {service.name!r}: working_dir {service.working_dir} lies in the image; "
            "the native engine can use a mounted directory, or one relative to the build context"
        )

    def _refuse_portless(self, service: Service, rewrite: Rewriter) -> None:
        for place, value in [
            *service.environment.items(),
            *(("command", part) for part in service.command),
        ]:
            host = rewrite.portless(value)
            if host is not None:
                raise RefusedError(
                    f"service {service.name!r}: {place} names {host!r} without a port; "
                    f"write it out, like {host}:8000"
                )

    def _refuse_unheard_port(self, service: Service) -> None:
        """Refuse a published port that the process is not told about: it cannot be moved."""
        texts = [*service.environment.values(), *service.command]
        for port in service.ports:
            if not any(f":{port.target}" in text for text in texts):
                raise RefusedError(
                    f"service {service.name!r} publishes port {port.target}, but neither its "
                    f"environment nor its command says 0.0.0.0:{port.target}, so it cannot be "
                    "told to listen elsewhere"
                )


def _probe(check: HealthCheck | None, rewrite: Rewriter) -> list[str]:
    if check is None:
        return []
    test = [rewrite(part) for part in check.test]
    return ["/bin/sh", "-c", *test] if check.shell else test


def _base_environment() -> dict[str, str]:
    """Return what every service gets; nothing else of the caller's environment reaches it."""
    environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    environment.setdefault("LANG", "C.UTF-8")
    environment["PATH"] = f"{VENV / 'bin'}:{environment.get('PATH', os.defpath)}"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def prepare_directories(plan: Plan) -> None:
    """Make the volumes and empty the throw-away directories."""
    for process in plan.processes.values():
        for path in process.throwaway:
            shutil.rmtree(path, ignore_errors=True)
        for path in (*process.directories, *process.throwaway):
            Path(path).mkdir(parents=True, exist_ok=True)
