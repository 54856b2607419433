"""What later phases are made of, under Docker: builds, one-shots, secrets, profiles, networks."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab import engines, phases
from lab.cli import up
from lab.docker.engine import DockerEngine
from lab.engines import Choice
from lab.errors import LabError, NotStartedError, UsageError
from lab.running import wait_until_ready
from lab.status import Stage, State
from lab.tests.conftest import answer, wait_for
from lab.tests.docker_support import (
    IMAGE,
    SERVER,
    DockerSystem,
    make_phase,
    new_instance,
    skip_without_docker,
)
from lab.wish import Wish

MakeDocker = Callable[..., DockerSystem]
JOB = f"image: {IMAGE}, init: true, restart: 'no'"
WORKER = f"""\
    image: {IMAGE}
    init: true
    command: [sleep, "600"]
    healthcheck: {{test: 'true', interval: 500ms}}
"""


@pytest.fixture
def make_docker(tmp_path: Path) -> Iterator[MakeDocker]:
    """Make systems from the text of a compose.yaml; each is gone after the test."""
    skip_without_docker()
    with ExitStack() as stack:

        def make(text: str, tell: Callable[[str], None] = lambda _: None) -> DockerSystem:
            instance = new_instance(tmp_path, make_phase(tmp_path, text))
            system = DockerSystem(instance, DockerEngine(tell))
            stack.callback(system.discard)
            return system

        yield make


def output(system: DockerSystem, service: str, *words: str) -> str:
    with tempfile.TemporaryFile() as file:
        assert system.engine.run(system.instance, service, words, None, file) == 0
        file.seek(0)
        return file.read().decode().strip()


def test_one_image_is_built_once_for_all_its_services(make_docker: MakeDocker) -> None:
    told: list[str] = []
    text = """\
x-image: &image
  build: {context: .., dockerfile: phase/Dockerfile, x-lab: {copies: {/srv/app: phase}}}
  image: lab-fixture-seams:local
services:
  app:
    <<: *image
    command: [python, server.py]
    environment: {BIND: "0.0.0.0:8000", OTHER: "worker:8000"}
    ports: ["127.0.0.1:${CHAT_PORT:-8000}:8000", "127.0.0.1::9000"]
    healthcheck: {test: [CMD, python, probe.py, "127.0.0.1:8000"], interval: 500ms}
  worker:
    <<: *image
    command: [sleep, "600"]
    init: true
  by_name: {image: "lab-fixture-seams:local", command: [sleep, "600"], init: true}
"""
    system = make_docker(text, told.append)
    dockerfile = f"FROM {IMAGE}\nWORKDIR /srv/app\nCOPY phase/*.py .\nRUN touch /built\n"
    (system.instance.phase.directory / "Dockerfile").write_text(dockerfile)
    try:
        status = system.up()
        assert answer(f"{status.address}/")["cwd"] == "/srv/app"
        assert sum("RUN touch /built" in line for line in told) == 1
        assert len({one.raw["Image"] for one in system.containers()}) == 1
        assert {name: one.started for name, one in status.services.items()} == dict.fromkeys(
            ("app", "worker", "by_name"), True
        )
        assert (status.services["app"].address or "").count("127.0.0.1:") == 2
    finally:
        system.discard()
        subprocess.run(
            ["docker", "rmi", "lab-fixture-seams:local"], check=True, capture_output=True
        )


def test_a_system_is_ready_when_the_work_is_done(make_docker: MakeDocker) -> None:
    told: list[str] = []
    needs = "    depends_on: {job: {condition: service_completed_successfully}}\n"
    text = f"services:\n  app:\n{WORKER}{needs}  job: {{{JOB}, command: [sleep, '0.5']}}\n"
    system = make_docker(text, told.append)
    status = system.up()
    job = status.services["job"]
    assert (status.stage, job.state, job.exit_code, job.once) == (
        Stage.READY,
        State.EXITED,
        0,
        True,
    )
    assert told[-2:] == ["job: others wait for it", "job: done"]
    assert not status.services["app"].once


def test_a_start_whose_work_fails_has_failed_with_its_last_words(
    make_docker: MakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = "    depends_on: {job: {condition: service_completed_successfully}}\n"
    command = "[sh, -c, 'echo column x exists; exit 3']"
    system = make_docker(
        f"services:\n  app:\n{WORKER}{needs}  job: {{{JOB}, command: {command}}}\n"
    )
    monkeypatch.setattr(phases, "find", lambda _: system.instance.phase)
    monkeypatch.setattr(up, "of_phase", lambda _: system.instance)
    monkeypatch.setattr(engines, "choose", lambda *_: Choice(system.engine, "test"))
    said = CliRunner().invoke(up.command, ["x"], standalone_mode=False)
    assert isinstance(said.exception, NotStartedError)
    assert "did not start: job exited with code 3" in str(said.exception)
    assert said.stderr.index("job ended; its last lines:") < said.stderr.index("column x exists")
    assert not system.engine.is_running(system.instance)
    assert system.leftovers() == {"containers": [], "networks": []}


SECRETS = """\
secrets:
  key: {file: .secrets/key, x-lab: {generate: 32}}
"""


def test_a_generated_secret_reaches_a_container_of_another_user(make_docker: MakeDocker) -> None:
    rest = "    user: '10001:10001'\n    read_only: true\n    secrets: [key]\n"
    system = make_docker(f"services:\n  app:\n{WORKER}{rest}{SECRETS}")
    system.up()
    key = output(system, "app", "cat", "/run/secrets/key")
    assert len(bytes.fromhex(key)) == 32
    made = system.instance.secrets / "key"
    assert made.read_text() == key
    assert made.parent.stat().st_mode & 0o777 == 0o700
    system.down()
    assert output(system, "app", "cat", "/run/secrets/key") == key  # in a container of its own


def test_a_secret_that_somebody_wrote_comes_first(make_docker: MakeDocker) -> None:
    system = make_docker(f"services:\n  app:\n{WORKER}    secrets: [key]\n{SECRETS}")
    own = system.instance.phase.directory / ".secrets" / "key"
    own.parent.mkdir()
    own.write_text("chosen")
    own.chmod(0o600)
    (warning,) = system.engine.check(system.instance)
    assert str(own) in warning
    own.chmod(0o644)
    assert system.engine.check(system.instance) == []
    system.up()
    assert output(system, "app", "cat", "/run/secrets/key") == "chosen"
    assert not system.instance.secrets.exists()


def test_profiles_start_what_is_asked_for(
    make_docker: MakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_PROFILES", "debug")
    extra = "".join(
        f"  {name}:\n{WORKER}    profiles: [{profile}]\n"
        for name, profile in (("pages", "full"), ("small", "minimal"), ("debug", "debug"))
    )
    text = f"x-lab: {{profiles: [full, minimal]}}\nservices:\n  core:\n{WORKER}{extra}"
    system = make_docker(text)
    with pytest.raises(UsageError, match="no profile 'mini'"):
        system.engine.check(system.instance, Wish(profiles=("mini",)))
    assert system.engine.start(system.instance, Wish(profiles=("minimal",)))
    status = wait_until_ready(system.engine, system.instance, lambda _: None)
    assert status.services.keys() == {"core", "small"}
    system.down()
    monkeypatch.delenv("COMPOSE_PROFILES")
    assert system.up().services.keys() == {"core", "pages"}


def test_networks_separate_services(make_docker: MakeDocker) -> None:
    server = SERVER + '    environment: {BIND: "0.0.0.0:8000"}\n'
    system = make_docker(
        f"services:\n  front:\n{WORKER}    networks: [edge]\n"
        f"  near:\n{server}    networks: [edge, inner]\n  far:\n{server}    networks: [inner]\n"
        "networks: {edge: , inner: {internal: true}}\n"
    )
    system.up()
    probe = "import socket; socket.create_connection(('{}', 8000), 3)"
    run = system.engine.run
    assert run(system.instance, "front", ["python", "-c", probe.format("near")]) == 0
    assert run(system.instance, "front", ["python", "-c", probe.format("far")]) != 0


def test_services_that_build_one_image_in_two_ways_are_refused(make_docker: MakeDocker) -> None:
    system = make_docker(
        "services:\n  a: {image: 'x:local', build: ., command: [run]}\n"
        "  b: {image: 'x:local', build: {context: ., target: y}, command: [run]}\n"
    )
    with pytest.raises(LabError, match="'a' and 'b' build the image x:local in different ways"):
        system.up()
    wait_for(lambda: not system.engine.is_running(system.instance))
