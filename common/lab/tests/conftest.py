"""Fixtures: fixture phases on the native engine, gone without a trace after each test."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from textwrap import dedent
from typing import Any, TypeVar

import psutil
import pytest

from lab.instance import Instance
from lab.native.engine import NativeEngine
from lab.native.plan import MARK
from lab.native.ports import PortChooser
from lab.phases import Phase
from lab.running import wait_until_down, wait_until_ready
from lab.status import InstanceStatus, ServiceStatus

T = TypeVar("T")
SERVICES = Path(__file__).parent / "services"
PATIENCE = 20.0  # seconds; a condition that takes longer will not come true

# A service that answers, with a health check that sees it soon.
SERVER = """\
    build: .
    command: [python, server.py]
    stop_grace_period: 5s
    healthcheck:
      test: [CMD, python, probe.py, "127.0.0.1:8000"]
      interval: 200ms
      start_period: 10s
      start_interval: 50ms
"""


def wait_for(what: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Return what() as soon as it is true."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience:g} s in vain")


def marked(directory: Path) -> list[psutil.Process]:
    """Return every process that was started for an instance."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(directory) or str(directory) in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def answer(url: str) -> dict[str, Any]:
    """Return what a fixture service says of itself."""
    with urllib.request.urlopen(url, timeout=5) as response:
        seen: dict[str, Any] = json.load(response)
        return seen


@dataclass
class System:
    """One fixture phase on the native engine."""

    instance: Instance
    engine: NativeEngine = field(default_factory=NativeEngine)

    def up(self) -> InstanceStatus:
        """Start it and wait until it is ready."""
        assert self.engine.start(self.instance)
        return wait_until_ready(self.engine, self.instance, lambda _: None)

    def down(self) -> None:
        """Stop it and wait until it has ended."""
        self.engine.request_stop(self.instance)
        wait_until_down(self.engine, self.instance, lambda _: None)

    def status(self) -> InstanceStatus:
        """Return its status; it must run."""
        status = self.engine.status(self.instance)
        assert status is not None
        return status

    def service(self, name: str) -> ServiceStatus:
        """Return one service's status."""
        return self.status().services[name]

    def url(self, name: str) -> str:
        """Return a service's address."""
        return f"http://{self.service(name).address}"

    def kill(self, name: str) -> None:
        """kill -9 the service's main process."""
        self.engine.signal_service(self.instance, name, Signals.SIGKILL)

    def log(self, name: str) -> list[str]:
        """Return the lines that a service has written."""
        lines = self.engine.logs(self.instance, [name], None, follow=False)
        return [line.text for line in lines if line is not None]

    def processes(self) -> list[psutil.Process]:
        """Return every living process that was started for it."""
        return marked(self.instance.directory)


MakeSystem = Callable[..., System]


@pytest.fixture
def make_system(tmp_path: Path) -> Iterator[MakeSystem]:
    """Make systems from the text of a compose.yaml; each is ended after the test."""
    made: list[System] = []

    def make(text: str, name: str = "fixture", port: int | None = None) -> System:
        directory = tmp_path / name
        shutil.copytree(SERVICES, directory, dirs_exist_ok=True)
        (directory / "compose.yaml").write_text(dedent(text), encoding="utf-8")
        phase = Phase(name, name, directory, port or PortChooser().any())
        system = System(Instance(phase, tmp_path / f"state-{len(made)}"))
        made.append(system)
        return system

    yield make
    for system in made:
        if system.instance.is_running():
            system.engine.request_stop(system.instance, kill=True)
        wait_for(lambda one=system: not one.instance.is_running())  # type: ignore[misc]
        system.engine.clean_up(system.instance)
        assert not system.processes()
