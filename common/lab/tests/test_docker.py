"""The Docker engine on small systems: life, death, ports, logs, one-off commands."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL

import pytest

from lab.docker import api
from lab.docker.containers import has_volumes
from lab.docker.record import read_record
from lab.errors import LabError, UsageError
from lab.paths import ROOT
from lab.status import Health, Stage, State
from lab.tests.conftest import answer, wait_for
from lab.tests.docker_support import (
    ONE,
    SERVER,
    DockerSystem,
    make_phase,
    new_instance,
    skip_without_docker,
)

MakeDocker = Callable[..., DockerSystem]


@pytest.fixture
def make_docker(tmp_path: Path) -> Iterator[MakeDocker]:
    """Make systems from the text of a compose.yaml; each is gone after the test."""
    skip_without_docker()
    with ExitStack() as stack:

        def make(text: str = ONE) -> DockerSystem:
            system = DockerSystem(new_instance(tmp_path, make_phase(tmp_path, text)))
            stack.callback(system.discard)
            return system

        yield make


def test_a_system_answers_where_it_says(make_docker: MakeDocker) -> None:
    system = make_docker()
    status = system.up()
    assert status.stage is Stage.READY
    assert status.services["app"].health is Health.HEALTHY
    assert status.services["app"].address == f"127.0.0.1:{system.instance.phase.port}"
    assert answer(f"{status.address}/")["env"]["BIND"] == "0.0.0.0:8000"


def test_down_leaves_no_container_and_no_network_but_the_logs(make_docker: MakeDocker) -> None:
    system = make_docker()
    system.up()
    assert "listening" in system.log("app")
    system.down()
    assert not system.engine.is_running(system.instance)
    assert system.leftovers() == {"containers": [], "networks": []}
    assert "listening" in system.log("app")
    last = system.engine.last_status(system.instance)
    assert last is not None
    assert last.services["app"].state is State.STOPPED


def test_data_outlives_the_containers_and_ends_with_the_instance(make_docker: MakeDocker) -> None:
    volume = SERVER.replace(":/srv:ro", ':/srv:ro", "data:/data')
    text = ONE.replace(SERVER, volume) + "volumes:\n  data:\n"
    system = make_docker(text)
    system.up()
    run = system.engine.run
    assert run(system.instance, "app", ["sh", "-c", "echo kept > /data/file"]) == 0
    system.down()
    system.up()
    assert run(system.instance, "app", ["grep", "kept", "/data/file"], None, _devnull()) == 0
    system.down()
    project = _project(system)
    assert has_volumes(api.connect(), project)
    system.engine.discard(system.instance)
    assert not has_volumes(api.connect(), project)
    assert not system.instance.directory.exists()


def test_a_second_start_is_noticed(make_docker: MakeDocker) -> None:
    system = make_docker()
    system.up()
    assert not system.engine.start(system.instance)


def test_two_instances_of_one_phase_run_side_by_side(
    make_docker: MakeDocker, tmp_path: Path
) -> None:
    first = make_docker()
    instance = new_instance(tmp_path, first.instance.phase.directory)
    second = DockerSystem(type(instance)(first.instance.phase, instance.directory))
    try:
        one, other = first.up(), second.up()
        assert one.address != other.address  # both prefer the same port
        assert answer(f"{one.address}/")
        assert answer(f"{other.address}/")
        second.down()
        assert answer(f"{one.address}/")
    finally:
        second.discard()


def test_every_published_port_moves_if_it_is_taken(make_docker: MakeDocker) -> None:
    first = make_docker()
    taken = int((first.up().address or "").rpartition(":")[2])
    text = ONE.replace('"127.0.0.1:${', f'"127.0.0.1:{taken}:9000", "127.0.0.1:${{')
    address = make_docker(text).up().services["app"].address or ""
    assert f":{taken}" not in address
    assert address.count("127.0.0.1:") == 2


def test_a_killed_container_comes_back(make_docker: MakeDocker) -> None:
    system = make_docker(ONE + "    restart: unless-stopped\n")
    address = f"{system.up().address}/"
    before = system.container().raw["State"]["StartedAt"]
    system.kill("app")
    wait_for(lambda: system.container().raw["State"]["StartedAt"] != before)
    wait_for(lambda: system.status().services["app"].settled)
    assert answer(address)


def test_a_crash_inside_the_container_is_counted_and_mended(make_docker: MakeDocker) -> None:
    system = make_docker(ONE + "    restart: unless-stopped\n")
    address = f"{system.up().address}/"
    system.engine.run(system.instance, "app", ["sh", "-c", "kill -9 -1"])
    wait_for(lambda: system.status().services["app"].exits == 1)
    wait_for(lambda: system.status().services["app"].settled)
    assert answer(address)


def test_a_service_that_ends_fails_the_start_with_its_exit_code(make_docker: MakeDocker) -> None:
    text = ONE.replace("command: [python, server.py]", 'command: [sh, -c, "echo why; exit 3"]')
    system = make_docker(text)
    with pytest.raises(LabError, match="app exited with code 3"):
        system.up()
    assert not system.engine.is_running(system.instance)
    assert system.leftovers() == {"containers": [], "networks": []}
    assert system.log("app") == ["why"]


def test_a_service_without_a_health_check_must_last_a_moment(make_docker: MakeDocker) -> None:
    unchecked = ONE[: ONE.index("    healthcheck:")] + ONE[ONE.index("    environment:") :]
    command = 'command: [sh, -c, "sleep 0.3; exit 3"]\n    restart: unless-stopped'
    system = make_docker(unchecked.replace("command: [python, server.py]", command))
    with pytest.raises(LabError, match="app exited with code 3 3 times"):
        system.up()


def test_an_unhealthy_service_fails_the_start_with_the_checks_words(
    make_docker: MakeDocker,
) -> None:
    text = ONE.replace('[CMD, python, probe.py, "127.0.0.1:8000"]', '"echo sick; exit 1"')
    system = make_docker(text.replace("retries: 20", "retries: 1"))
    with pytest.raises(LabError, match="app is unhealthy: sick"):
        system.up()


def test_a_dependency_that_fails_is_named(make_docker: MakeDocker) -> None:
    sick = SERVER.replace("command: [python, server.py]", "command: [sh, -c, exit 4]")
    needs = "    depends_on: {first: {condition: service_healthy}}\n"
    system = make_docker(f"{ONE}{needs}  first:\n{sick}")
    with pytest.raises(LabError, match="first exited with code 4"):
        system.up()


def test_an_image_that_cannot_be_had_is_named(make_docker: MakeDocker) -> None:
    system = make_docker(ONE.replace("image: python:3.13-slim", "image: 127.0.0.1:9/none:1"))
    with pytest.raises(
        LabError, match="the image of app is not on this machine and cannot be pulled"
    ):
        system.up()
    assert not system.engine.is_running(system.instance)


def test_a_build_that_fails_shows_why(make_docker: MakeDocker) -> None:
    system = make_docker(ONE.replace("image: python:3.13-slim", "build: ."))
    dockerfile = "FROM python:3.13-slim\nRUN echo no such thing >&2; exit 7\n"
    (system.instance.phase.directory / "Dockerfile").write_text(dockerfile)
    with pytest.raises(LabError, match="no such thing"):
        system.up()


def test_commands_run_in_the_container_with_its_streams(
    make_docker: MakeDocker, tmp_path: Path
) -> None:
    system = make_docker()
    system.up()
    body = os.urandom(300_000)
    _pipe(system, body, tmp_path)
    assert system.engine.run(system.instance, "app", ["sh", "-c", "exit 5"]) == 5
    with pytest.raises(UsageError, match="no service 'other'"):
        system.engine.run(system.instance, "other", ["true"])


def test_commands_run_in_a_container_of_their_own_while_the_system_is_down(
    make_docker: MakeDocker, tmp_path: Path
) -> None:
    system = make_docker()
    _pipe(system, b"through a one-off container", tmp_path)
    assert system.leftovers() == {"containers": [], "networks": []}


def _pipe(system: DockerSystem, body: bytes, tmp_path: Path) -> None:
    """Send bytes through `cat` in the container and compare."""
    (tmp_path / "in").write_bytes(body)
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as target:
        assert system.engine.run(system.instance, "app", ["cat"], source, target) == 0
    assert (tmp_path / "out").read_bytes() == body


def test_a_stop_that_takes_its_time_can_be_cut_short(make_docker: MakeDocker) -> None:
    stubborn = '{BIND: "0.0.0.0:8000", STUBBORN: "1"}'
    text = ONE.replace('{BIND: "0.0.0.0:8000"}', stubborn)
    system = make_docker(text.replace("stop_grace_period: 5s", "stop_grace_period: 10m"))
    system.up()
    system.engine.request_stop(system.instance)
    wait_for(lambda: _is_being_stopped(system))
    system.engine.request_stop(system.instance, kill=True)
    wait_for(lambda: not system.engine.is_running(system.instance))
    assert system.leftovers() == {"containers": [], "networks": []}


def _is_being_stopped(system: DockerSystem) -> bool:
    """Tell whether the process that stops it has begun: it holds the lock."""
    return system.instance.is_running()


def test_usage_tells_memory_and_processor_time(make_docker: MakeDocker) -> None:
    system = make_docker()
    system.up()
    usage = system.engine.usage(system.instance, 0.1)["app"]
    assert 2**20 < usage.memory < 2**29
    assert usage.cpu_seconds > 0


def test_logs_are_followed_through_a_restart_without_doubles(make_docker: MakeDocker) -> None:
    system = make_docker()
    system.up()
    lines = system.engine.logs(system.instance, ["app"], None, follow=True)
    seen = [next(line for line in lines if line is not None).text]
    system.engine.restart_service(system.instance, "app")
    wait_for(lambda: system.status().services["app"].settled)
    for line in lines:
        seen += [line.text] if line is not None else []
        if len(seen) == 2:
            break
    assert seen == ["listening", "listening"]
    assert next(lines) is None


def test_a_restart_can_put_words_before_the_command(
    make_docker: MakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ONE.replace('"0.0.0.0:8000"}', '"0.0.0.0:8000", MODE: "${MODE:-real}"}')
    system = make_docker(text)
    monkeypatch.setenv("MODE", "test")
    before = system.up()
    monkeypatch.delenv("MODE")

    def seen(words: list[str] | None) -> tuple[str | None, str]:
        system.engine.restart_service(system.instance, "app", words)
        wait_for(lambda: system.status().services["app"].health is Health.HEALTHY)
        env = answer(f"{before.address}/")["env"]
        return env.get("SAID"), env["MODE"]

    assert seen(["env", "SAID=$MODE"]) == ("$MODE", "test"), "the rest is as it was"
    assert seen(None) == ("$MODE", "test")
    assert seen([]) == (None, "test")


def test_containers_end_with_the_command_that_started_them(make_docker: MakeDocker) -> None:
    system = make_docker()
    child = subprocess.Popen(
        [sys.executable, "-m", "lab", "up", "--docker", str(system.instance.phase.directory)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    name = system.instance.phase.directory.name
    running = DockerSystem(type(system.instance)(system.instance.phase, ROOT / ".lab" / name))
    try:
        assert child.stdout is not None
        wait_for(lambda: "http://" in child.stdout.readline())  # type: ignore[union-attr]
        assert running.containers()
        os.kill(child.pid, SIGKILL)
        child.wait()
        wait_for(lambda: not running.engine.is_running(running.instance))
        assert running.leftovers() == {"containers": [], "networks": []}
    finally:
        if child.poll() is None:
            child.kill()
        running.discard()


def _project(system: DockerSystem) -> str:
    record = read_record(system.instance)
    assert record is not None
    return record.project


def _devnull() -> io.BufferedWriter:
    return Path(os.devnull).open("wb")
