"""Fixture systems under Docker, and why there may be none here."""

import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from textwrap import dedent
from typing import Any

import pytest

from lab.docker import api
from lab.docker.containers import Container, of_project
from lab.docker.engine import DockerEngine
from lab.docker.record import read_record
from lab.errors import LabError, RefusedError
from lab.instance import Instance
from lab.native.ports import PortChooser
from lab.phases import Phase
from lab.running import wait_until_down, wait_until_ready
from lab.status import InstanceStatus

SERVICES = Path(__file__).parent / "services"
IMAGE = "python:3.13-slim"

# A service that answers, with a health check that sees it soon.
SERVER = f"""\
    image: {IMAGE}
    init: true
    working_dir: /srv
    command: [python, server.py]
    volumes: [".:/srv:ro"]
    stop_grace_period: 5s
    healthcheck:
      test: [CMD, python, probe.py, "127.0.0.1:8000"]
      interval: 500ms
      retries: 20
"""
ONE = f"""\
services:
  app:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000"}}
    ports: ["127.0.0.1:${{CHAT_PORT:-8000}}:8000"]
"""


def skip_without_docker(image: str = IMAGE) -> None:
    """Skip the test, with the reason, where neither an engine nor its image can be had."""
    try:
        DockerEngine().describe()
    except RefusedError as error:
        pytest.skip(f"needs Docker: {error}")
    if api.connect().find(f"/images/{image}/json") is None:
        try:
            subprocess.run(["docker", "pull", "--quiet", image], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip(f"needs the image {image}, which cannot be pulled here")


def new_instance(tmp_path: Path, phase_directory: Path) -> Instance:
    """Return an instance whose project nobody else has."""
    name = f"lab-{uuid.uuid4().hex[:8]}"
    phase = Phase(name, name, phase_directory, PortChooser().any())
    return Instance(phase, tmp_path / name)


def make_phase(tmp_path: Path, text: str) -> Path:
    """Return the directory of a fixture phase."""
    directory = tmp_path / "phase"
    shutil.copytree(SERVICES, directory, dirs_exist_ok=True)
    (directory / "compose.yaml").write_text(dedent(text), encoding="utf-8")
    return directory


@dataclass
class DockerSystem:
    """One instance under Docker."""

    instance: Instance
    engine: DockerEngine = field(default_factory=DockerEngine)

    def up(self) -> InstanceStatus:
        """Start it and wait until it is ready."""
        assert self.engine.start(self.instance)
        status = wait_until_ready(self.engine, self.instance, lambda _: None)
        self.engine.release(self.instance)
        return status

    def down(self) -> None:
        """Stop it and wait until it has ended."""
        self.engine.request_stop(self.instance)
        wait_until_down(self.engine, self.instance, lambda _: None)

    def status(self) -> InstanceStatus:
        """Return its status; it must run."""
        status = self.engine.status(self.instance)
        assert status is not None
        return status

    def kill(self, service: str) -> None:
        """kill -9 the service's main process."""
        self.engine.signal_service(self.instance, service, Signals.SIGKILL)

    def log(self, service: str) -> list[str]:
        """Return the lines that a service has written."""
        lines = self.engine.logs(self.instance, [service], None, follow=False)
        return [line.text for line in lines if line is not None]

    def container(self) -> Container:
        """Return its only container."""
        (container,) = self.containers()
        return container

    def containers(self) -> list[Container]:
        """Return all its containers, ended ones too."""
        record = read_record(self.instance)
        return of_project(api.connect(), record.project) if record else []

    def leftovers(self) -> dict[str, Any]:
        """Return what of it is left in Docker, volumes apart."""
        record = read_record(self.instance)
        assert record is not None
        mine = {"label": [f"com.docker.compose.project={record.project}"]}
        engine = api.connect()
        return {
            "containers": engine.get("/containers/json", all=True, filters=mine),
            "networks": engine.get("/networks", filters=mine),
        }

    def discard(self) -> None:
        """End it, whatever state it is in, and delete it."""
        try:
            if self.engine.is_running(self.instance):
                self.engine.request_stop(self.instance, kill=True)
                wait_until_down(self.engine, self.instance, lambda _: None)
        except LabError:
            pass
        self.engine.discard(self.instance)
