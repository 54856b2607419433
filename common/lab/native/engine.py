"""The native engine as the commands see it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import IO

import psutil

from lab.compose.model import Topology
from lab.compose.parse import load_native
from lab.engine import LogLine, Usage
from lab.errors import NotRunningError, UsageError
from lab.instance import PLAN_FILE, STATE_FILE, Instance
from lab.native import control, logview, strays
from lab.native.install import provide
from lab.native.plan import MARK, Plan, prepare_directories
from lab.native.planner import check, make_plan
from lab.native.process import before_exec
from lab.native.usage import family, measure
from lab.paths import ROOT
from lab.status import InstanceStatus
from lab.wish import AS_WRITTEN, Wish

_SUPERVISOR_START = 10.0  # seconds


class NativeEngine:
    """Runs services as processes; see lab.engine.Engine."""

    name = "native"

    def __init__(self) -> None:
        self._lifelines: dict[Instance, int] = {}

    def check(self, instance: Instance, wish: Wish = AS_WRITTEN) -> Sequence[str]:
        """Install servers that are missing, refuse what cannot run; returns warnings."""
        return _examine(instance, wish).warnings

    def start(self, instance: Instance, wish: Wish = AS_WRITTEN) -> bool:
        """Start guard and supervisor; False if the instance runs already."""
        _examine(instance, wish)
        lock = instance.try_lock()
        if lock is None:
            return False
        shutil.rmtree(instance.logs, ignore_errors=True)  # `lab logs` tells of one run
        instance.make()
        instance.set_engine(self.name)
        strays.end(instance)
        (instance.directory / STATE_FILE).unlink(missing_ok=True)
        reader, writer = os.pipe()
        phase = instance.phase
        words = [phase.name, phase.label, str(phase.directory), str(phase.port)]
        words += [str(instance.directory), json.dumps(wish.to_json())]
        supervisor = [*_python("lab.native.supervisor"), *words]
        with instance.own_log.open("wb") as log:
            subprocess.Popen(
                [*_python("lab.native.guard"), f"{lock},{reader}", *supervisor, str(reader)],
                cwd=ROOT,
                env={**os.environ, MARK: str(instance.directory)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock, reader),
                start_new_session=True,
            )
        os.close(reader)
        os.close(lock)  # guard and supervisor hold it now
        self._lifelines[instance] = writer
        return True

    def release(self, instance: Instance) -> None:
        """Let the instance outlive this process."""
        with contextlib.suppress(NotRunningError):  # it may have done its work already
            control.send(instance, "detach")
        os.close(self._lifelines.pop(instance))

    def is_running(self, instance: Instance) -> bool:
        """Tell whether guard or supervisor lives."""
        return instance.is_running()

    def status(self, instance: Instance) -> InstanceStatus | None:
        """Return what the supervisor has written down last, None if the instance is down."""
        return self.last_status(instance) if instance.is_running() else None

    def last_status(self, instance: Instance) -> InstanceStatus | None:
        """Return what was written down last, by a supervisor that may have ended."""
        raw = instance.read(STATE_FILE)
        return None if raw is None else InstanceStatus.from_json(raw)

    def request_stop(self, instance: Instance, *, kill: bool = False) -> None:
        """Begin to stop the instance; a supervisor that is about to listen is waited for."""
        deadline = time.monotonic() + _SUPERVISOR_START
        while instance.is_running():
            try:
                control.send(instance, "kill" if kill else "stop")
            except NotRunningError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def clean_up(self, instance: Instance) -> int:
        """End processes that outlived supervisor and guard."""
        return strays.end(instance)

    def discard(self, instance: Instance) -> None:
        """Delete an instance that does not run, its data included."""
        strays.end(instance)
        instance.remove()

    def usage(self, instance: Instance, seconds: float) -> dict[str, Usage]:
        """Measure each running service."""
        status = self.status(instance)
        services = status.services if status else {}
        pids = {name: one.pid for name, one in services.items() if one.pid is not None}
        return measure(pids, seconds)

    def logs(
        self, instance: Instance, services: Sequence[str], tail: int | None, *, follow: bool
    ) -> Iterator[LogLine | None]:
        """Yield log lines; of a stopped instance those of its last run."""
        return logview.read(instance, services, tail, follow=follow)

    def run(
        self,
        instance: Instance,
        service: str,
        argv: Sequence[str],
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> int:
        """Run a command beside a service (its first replica), or in its place if it is down."""
        plan = self._plan(instance)
        found = plan.named(service)
        if not found:
            raise UsageError(
                f"{instance.phase.label} has no service {service!r}",
                f"it has: {', '.join(plan.processes)}",
            )
        process = plan.processes[found[0]]
        child = subprocess.Popen(
            argv,
            env={key: value for key, value in process.environment.items() if key != MARK},
            cwd=process.cwd,
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=stdout,
            preexec_fn=before_exec(signal.SIGTERM),  # noqa: PLW1509 - lab has one thread
        )
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise

    def signal_service(self, instance: Instance, service: str, number: signal.Signals) -> None:
        """Send a signal to the main process, of each replica if the service is named.

        SIGSTOP and SIGCONT go to all that it started, too.
        """
        status = self.status(instance)
        services = status.services if status else {}
        named = self._plan(instance).named(service) if status else []
        pids = [pid for name in named if (pid := services[name].pid) is not None]
        if not pids:
            raise NotRunningError(f"service {service!r} of {instance.phase.label} is not running")
        if number in (signal.SIGSTOP, signal.SIGCONT):
            with contextlib.suppress(psutil.NoSuchProcess):
                pids = [process.pid for pid in pids for process in family(pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop_service(self, instance: Instance, service: str) -> None:
        """Stop one service and leave it stopped."""
        control.send(instance, "stop-service", service=service)

    def restart_service(
        self, instance: Instance, service: str, before: Sequence[str] | None = None
    ) -> None:
        """Stop one service, then start it, perhaps with other words before its command."""
        control.send(instance, "restart-service", service=service, before=before)

    def _plan(self, instance: Instance) -> Plan:
        raw = instance.read(PLAN_FILE) if instance.is_running() else None
        if raw is not None:
            return Plan.from_json(raw)
        instance.make()
        _, plan = make_plan(instance)
        prepare_directories(plan)
        return plan


def _examine(instance: Instance, wish: Wish) -> Topology:
    provide(load_native(instance.phase.directory, profiles=wish.profiles))
    return check(instance, wish)


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]
