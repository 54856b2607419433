"""The Docker engine as the commands see it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from signal import Signals
from typing import IO

from lab.docker import api, compose, logs, usage
from lab.docker.api import Api
from lab.docker.build import build, explain
from lab.docker.compose import ComposeError, Project
from lab.docker.containers import Container, named, of_project, statuses
from lab.docker.launch import launch, phase_project, relaunch, unreadable
from lab.docker.record import Record, choose_project, read_record, write_record
from lab.docker.secrets import with_secrets
from lab.engine import LogLine, Usage
from lab.errors import LabError, NotStartedError, RefusedError, UsageError
from lab.instance import STATE_FILE, Instance
from lab.native import logview
from lab.paths import ROOT
from lab.status import (
    Health,
    InstanceStatus,
    ServiceStatus,
    Stage,
    State,
    trouble,
    why_not_started,
)
from lab.wish import AS_WRITTEN, Wish


class DockerEngine:
    """Runs services as containers; see lab.engine.Engine."""

    name = "docker"

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """`tell` is told each step of what takes long."""
        self._tell = tell
        self._doing: dict[Instance, Stage] = {}  # STARTING or STOPPING, by this process
        self._lifelines: dict[Instance, int] = {}
        self._endings: dict[Instance, subprocess.Popen[bytes]] = {}

    @cached_property
    def _api(self) -> Api:
        return api.connect()

    def describe(self) -> str:
        """Say which engine this is. Raises RefusedError if it cannot be used."""
        version = self._api.get("/version")["Version"]
        return f"Docker {version} with Compose {compose.find().version}"

    def check(self, instance: Instance, wish: Wish = AS_WRITTEN) -> Sequence[str]:
        """Refuse what cannot run; returns warnings."""
        config = phase_project(instance, "check", profiles=wish.profiles).config()
        return [
            f"containers run as other users, and {path} is readable for you only: "
            f"chmod -R a+rX {path}"
            for path in unreadable(config)
        ]

    def start(self, instance: Instance, wish: Wish = AS_WRITTEN) -> bool:
        """Build the images and start the containers; False if the instance runs already."""
        lock = instance.try_lock()
        if lock is None:
            return False
        try:
            with os.fdopen(lock):
                if self._is_alive(instance):
                    return False
                self._launch(instance, wish, lock)
        except BaseException:
            self._end(instance)
            raise
        self._doing[instance] = Stage.STARTING
        return True

    def _launch(self, instance: Instance, wish: Wish, lock: int) -> None:
        instance.make()
        instance.set_engine(self.name)
        (instance.directory / STATE_FILE).unlink(missing_ok=True)
        project = choose_project(instance, self._api)
        write_record(instance, Record(project))
        reader, self._lifelines[instance] = os.pipe()
        self._endings[instance] = _ending(instance, reader)
        os.close(reader)
        try:
            launch(instance, project, wish, self._tell, lock)
        except ComposeError as error:
            raise self._why(instance, error) from None

    def _why(self, instance: Instance, error: ComposeError) -> LabError:
        """Return what a service did to fail the start of those that need it, if one did."""
        services = statuses(self._containers(instance))
        failed = [name for name, service in services.items() if trouble(service)]
        if not failed:
            return explain(error)
        problem = trouble(services[failed[0]])
        return NotStartedError(f"{instance.phase.label} did not start: {problem}", failed)

    def release(self, instance: Instance) -> None:
        """Let the instance outlive this process."""
        lifeline = self._lifelines.pop(instance)
        os.write(lifeline, b".")
        os.close(lifeline)
        self._endings.pop(instance).wait()

    def is_running(self, instance: Instance) -> bool:
        """Tell whether a container lives, or is being started or ended.

        Raises LabError if ending it went wrong.
        """
        if instance.engine != self.name:
            return False
        ending = self._endings.get(instance)
        if ending is not None and ending.poll():
            raise LabError(f"{instance.phase.label} could not be stopped; see {instance.own_log}")
        try:
            return instance.is_running() or self._is_alive(instance)
        except RefusedError:
            return False  # no engine, no container

    def status(self, instance: Instance) -> InstanceStatus | None:
        """Return what Docker says, None if the instance is down."""
        return self.last_status(instance) if self.is_running(instance) else None

    def last_status(self, instance: Instance) -> InstanceStatus | None:
        """Return what Docker says, or what was written down when the instance ended."""
        containers = self._containers(instance)
        record = read_record(instance)
        if record is None or not containers:
            raw = instance.read(STATE_FILE)
            return None if raw is None else InstanceStatus.from_json(raw)
        services = statuses(containers)
        doing = self._doing.get(instance)
        if doing is Stage.STOPPING:
            return InstanceStatus(Stage.STOPPING, _as_stopping(services), record.address)
        everyone = services.values()
        problem = why_not_started(everyone) if doing is Stage.STARTING else ""
        stage = Stage.READY
        if problem:
            stage = Stage.FAILED
        elif not all(one.started for one in everyone) and (doing or any(map(_is_young, everyone))):
            stage = Stage.STARTING
        else:
            self._doing.pop(instance, None)
        return InstanceStatus(stage, services, record.address, problem)

    def request_stop(self, instance: Instance, *, kill: bool = False) -> None:
        """Begin to stop the instance: another process does it, to the end."""
        self._doing[instance] = Stage.STOPPING
        lifeline = self._lifelines.pop(instance, None)
        if lifeline is not None:
            os.close(lifeline)  # the process that waits at its other end begins
        if lifeline is None or kill:
            self._endings[instance] = _ending(instance, subprocess.DEVNULL, kill=kill)

    def clean_up(self, instance: Instance) -> int:
        """Remove containers that have ended but are still there; returns their number."""
        left = len(self._containers(instance))
        if left:
            self._end(instance)
        return left

    def discard(self, instance: Instance) -> None:
        """Delete an instance that is down, its data included."""
        record = read_record(instance)
        if record is not None:
            Project(record.project).do("down", "--volumes", "--remove-orphans")
        instance.remove()

    def usage(self, instance: Instance, seconds: float) -> dict[str, Usage]:
        """Measure each running container."""
        return usage.measure(self._api, self._containers(instance), seconds)

    def logs(
        self, instance: Instance, services: Sequence[str], tail: int | None, *, follow: bool
    ) -> Iterator[LogLine | None]:
        """Yield log lines; of a stopped instance those of its last run."""
        if not self._containers(instance):
            return logview.read(instance, services, tail, follow=follow)
        look = partial(self._containers, instance)
        return logs.read(look, self._api, services, tail, follow=follow)

    def run(
        self,
        instance: Instance,
        service: str,
        argv: Sequence[str],
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> int:
        """Run a command in a service's container, or in one of its own if the instance is down."""
        if self.is_running(instance):
            record = read_record(instance)
            assert record is not None  # noqa: S101 - it runs
            self._container(instance, service)
            return _stream(Project(record.project), ["exec", "-T", service, *argv], stdin, stdout)
        instance.make()
        name = choose_project(instance, self._api)
        write_record(instance, Record(name))
        project = with_secrets(phase_project(instance, name), instance)
        if service not in project.config()["services"]:
            raise _no_service(instance, service, project.config()["services"])
        build(project, self._tell)
        try:
            words = ["run", "--rm", "-T", "--no-deps", "--quiet-pull", service, *argv]
            return _stream(project, words, stdin, stdout)
        finally:
            project.do("down", "--remove-orphans")

    def signal_service(self, instance: Instance, service: str, number: Signals) -> None:
        """Send a signal to a service's main process; SIGSTOP and SIGCONT go to all it started."""
        container = self._container(instance, service)
        path = f"/containers/{container.id}"
        if number is Signals.SIGSTOP:
            self._api.post(f"{path}/pause")
        elif number is Signals.SIGCONT:
            self._api.post(f"{path}/unpause")
        else:
            self._api.post(f"{path}/kill", signal=number.name)
        if number is Signals.SIGKILL and container.is_kept_up:
            # Docker takes this for a wish to have it stopped; from a crash it would come back.
            self._api.post(f"{path}/wait", condition="not-running")
            self._api.post(f"{path}/start")

    def stop_service(self, instance: Instance, service: str) -> None:
        """Stop one service gracefully and leave it stopped."""
        self._api.post(f"/containers/{self._container(instance, service).id}/stop")

    def restart_service(
        self, instance: Instance, service: str, before: Sequence[str] | None = None
    ) -> None:
        """Stop one service gracefully, then start it; another command takes another container."""
        container = self._container(instance, service)
        record = read_record(instance)
        if before is None or record is None:
            self._api.post(f"/containers/{container.id}/restart")
        else:
            relaunch(instance, record, container, before)

    def _containers(self, instance: Instance) -> dict[str, Container]:
        record = read_record(instance)
        return {} if record is None else named(of_project(self._api, record.project))

    def _container(self, instance: Instance, name: str) -> Container:
        containers = self._containers(instance)
        if name not in containers:
            raise _no_service(instance, name, containers)
        return containers[name]

    def _is_alive(self, instance: Instance) -> bool:
        """Tell whether a container lives; one that has ended counts until we have removed it."""
        containers = self._containers(instance)
        return any(one.alive or instance in self._doing for one in containers.values())

    def _end(self, instance: Instance) -> None:
        """End what there is and wait until it has ended."""
        self.request_stop(instance)
        self._endings[instance].wait()


def _ending(instance: Instance, stdin: int, *, kill: bool = False) -> "subprocess.Popen[bytes]":
    """Start the process that ends an instance once its standard input has ended."""
    words = [sys.executable, "-P", "-m", "lab.docker.ending", str(instance.directory)]
    with instance.own_log.open("ab") as log:
        return subprocess.Popen(
            [*words, *(["kill"] if kill else [])],
            cwd=ROOT,
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _stream(
    project: Project, words: Sequence[str], stdin: IO[bytes] | None, stdout: IO[bytes] | None
) -> int:
    """Run Compose with these streams; returns its exit code, which is the command's."""
    child = subprocess.Popen(
        project.argv("--progress", "quiet", *words),
        env=project.environment(),
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=stdout,
    )
    try:
        return child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise


def _as_stopping(services: dict[str, ServiceStatus]) -> dict[str, ServiceStatus]:
    """Say of what still runs that it is being stopped: Docker does not."""
    for service in services.values():
        if service.state is State.RUNNING:
            service.state, service.note = State.STOPPING, ""
    return services


def _is_young(service: ServiceStatus) -> bool:
    """Tell what somebody else is starting from what was up and is no longer well."""
    if service.once and service.state is State.RUNNING:
        return True
    return service.state is State.WAITING or service.health is Health.STARTING


def _no_service(instance: Instance, name: str, known: Iterable[str]) -> UsageError:
    return UsageError(
        f"{instance.phase.label} has no service {name!r}", f"it has: {', '.join(known)}"
    )
