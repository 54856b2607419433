"""What is measured: a phase that runs, or the floor beside it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from lab.data import Data
from lab.engine import Engine, Usage
from lab.errors import LabError
from lab.instance import PLAN_FILE, Instance
from lab.native.plan import Plan, ProcessPlan
from lab.native.ports import PortChooser
from lab.native.process import before_exec
from lab.native.usage import measure
from lab.phases import Phase
from lab.running import Observer
from lab.testing.isolated import isolated, sweep

FLOOR = "drills.floor"
"""A module of the phase: `application` for gunicorn; run with a directory, it copies what the phase
has stored there and prints, as JSON, the environment that makes the application work on that."""
START = 10.0
"""Seconds within which a floor must answer."""


class Subject(Protocol):
    """Something that answers HTTP and whose cost can be read."""

    name: str
    url: str

    def usage(self) -> dict[str, Usage]:
        """Return by service what has been used so far."""

    def pids(self) -> list[int]:
        """Return the main processes."""


class PhaseSubject:
    """A running instance of a phase."""

    def __init__(self, name: str, engine: Engine, instance: Instance, url: str) -> None:
        self.name = name
        self.url = url
        self._engine = engine
        self._instance = instance

    def usage(self) -> dict[str, Usage]:
        """Return by service what has been used so far."""
        return self._engine.usage(self._instance, 0.0)

    def pids(self) -> list[int]:
        """Return the services' main processes."""
        status = self._engine.status(self._instance)
        services = status.services.values() if status else ()
        return [service.pid for service in services if service.pid is not None]


class FloorSubject:
    """A floor's server, under the phase's own gunicorn settings."""

    def __init__(self, name: str, url: str, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.url = url
        self._process = process

    def usage(self) -> dict[str, Usage]:
        """Return what the server has used so far."""
        return measure({"floor": self._process.pid}, 0.0)

    def pids(self) -> list[int]:
        """Return gunicorn's main process."""
        return [self._process.pid]


@contextlib.contextmanager
def throw_away(
    engine: Engine, phase: Phase, observe: Observer, limits: str = "test"
) -> Iterator[tuple[Instance, str]]:
    """Run a phase on data of its own; in the end, however it comes, nothing of it is left."""
    sweep(phase)
    started: list[Instance] = []
    try:
        with isolated(engine, phase, observe, limits) as (instance, url):
            started.append(instance)
            yield instance, url
    finally:
        for instance in started:
            engine.discard(instance)


@contextlib.contextmanager
def floor_of(name: str, instance: Instance) -> Iterator[FloorSubject]:
    """Run the floor on a copy of the instance's data."""
    process = _server(instance)
    copy = instance.tmp / "floor"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    environment = {**process.environment, **_copied(process, copy)}
    port = PortChooser().any()
    with (instance.logs / "floor.log").open("wb") as log:
        server = subprocess.Popen(
            [*process.argv[:-1], "--bind", f"127.0.0.1:{port}", f"{FLOOR}:application"],
            cwd=process.cwd,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=before_exec(signal.SIGKILL),  # noqa: PLW1509 - lab has one thread
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_answer(url, server, instance)
        yield FloorSubject(name, url, server)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        shutil.rmtree(copy, ignore_errors=True)


def has_floor(instance: Instance) -> bool:
    """Tell whether the phase defines a floor, and runs as processes, as the floor will."""
    defined = (instance.phase.directory / "drills" / "floor.py").is_file()
    return defined and instance.read(PLAN_FILE) is not None


def _server(instance: Instance) -> ProcessPlan:
    """Return a process of the service with the data; its last word names the application."""
    raw = instance.read(PLAN_FILE)
    if raw is None:
        raise LabError(f"{instance.phase.label} has no plan: is it running natively?")
    plan = Plan.from_json(raw)
    return plan.processes[plan.named(Data(instance).service)[0]]


def _copied(process: ProcessPlan, target: Path) -> dict[str, str]:
    """Have the phase copy what it has stored; return the environment for the copy."""
    done = subprocess.run(
        [sys.executable, "-m", FLOOR, str(target)],
        cwd=process.cwd,
        env=process.environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise LabError("the data was not copied for the floor; it says why above")
    environment: dict[str, str] = json.loads(done.stdout)
    return environment


def _await_answer(url: str, server: "subprocess.Popen[bytes]", instance: Instance) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(url, timeout=1).close()  # noqa: S310 - an http address of ours
        except HTTPError:
            return  # it answers, if only that it has no such page
        except (URLError, OSError):
            time.sleep(0.05)
    raise LabError("the floor does not answer", f"its log: {instance.logs / 'floor.log'}")
