"""What the Docker engine decides by itself; needs no Docker."""

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from lab.compose.parse import load
from lab.docker import api, compose
from lab.docker.build import explain
from lab.docker.compose import ComposeError
from lab.docker.containers import Container, named
from lab.docker.launch import unreadable
from lab.docker.logs import unframed
from lab.docker.ports import settle
from lab.docker.usage import Look, read
from lab.errors import RefusedError, UsageError
from lab.native.ports import PortChooser
from lab.scale import read_scale
from lab.status import Health, State


def _config(*ports: int | None, name: str = "app") -> dict[str, Any]:
    published = [{"target": 80, **({"published": str(p)} if p else {})} for p in ports]
    return {"services": {name: {"ports": published}}}


def test_ports_that_are_free_stay_where_the_file_has_them() -> None:
    main = PortChooser().any()
    found = settle(_config(main), PortChooser({main}), main)
    assert (found.main, found.override) == (main, None)


def test_a_port_that_is_taken_is_moved_by_an_override() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = settle(_config(port), PortChooser(), main=1)
    assert found.main is not None
    assert found.main != port
    expected = f'  app:\n    ports: !override ["127.0.0.1:{found.main}:80"]\n'
    assert found.override == f"services:\n{expected}"


def test_a_service_that_publishes_a_port_is_not_scaled(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        'services:\n  front: {image: x, ports: ["127.0.0.1:8000:80"]}\n  worker: {image: x}\n'
    )
    topology = load(tmp_path)
    assert read_scale(["worker=3", "front=1"], topology) == {"worker": 3, "front": 1}
    with pytest.raises(RefusedError, match=r"front cannot run 2 times: .* port 80") as refused:
        read_scale(["front=2"], topology)
    assert refused.value.hint == "what can be scaled here: worker"
    for wrong in ("worker", "worker=0", "worker=many", "nobody=2"):
        with pytest.raises(UsageError, match=f"--scale {wrong}"):
            read_scale([wrong], topology)


def test_log_frames_are_joined() -> None:
    frames = b"".join(bytes([1, 0, 0, 0, 0, 0, 0, len(part)]) + part for part in (b"ab", b"", b"c"))
    assert unframed(frames) == b"abc"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            [
                " > [chat internal] load metadata for docker.io/library/python:3.13-slim:",
                'failed to solve: Head "https://registry/v2/": dial tcp: no such host',
            ],
            "the image python:3.13-slim is not on this machine and cannot be pulled: failed",
        ),
        (
            [" redis Error Get https://registry/v2/: dial tcp: i/o timeout", "Error response: …"],
            "the image of redis is not on this machine and cannot be pulled: Error response: …",
        ),
        (["#9 no such package", "exit code: 1"], "docker compose build failed:\n .*such package"),
    ],
)
def test_why_images_are_missing_is_said_plainly(said: list[str], words: str) -> None:
    assert re.match(words, str(explain(ComposeError("build", said))), re.DOTALL)


def _container(state: str, *, code: int = 0, restart: str = "no", **more: Any) -> Container:
    labels = {
        "com.docker.compose.service": "app",
        "com.docker.compose.container-number": more.pop("number", "1"),
    }
    raw = {
        "Config": {"Labels": labels},
        "State": {
            "Status": state,
            "Running": state == "running",
            "ExitCode": code,
            "Pid": 7,
            "OOMKilled": False,
            "StartedAt": "2026-11-23T21:00:00.123456789Z",
            **more,
        },
        "HostConfig": {"RestartPolicy": {"Name": restart}},
        "NetworkSettings": {"Ports": {}},
        "RestartCount": 0,
    }
    return Container("id", raw)


def test_containers_are_told_of_in_the_words_of_every_engine() -> None:
    killed = _container("exited", code=137).status("app")
    assert (killed.state, killed.exit_code, killed.exits) == (State.EXITED, -9, 1)
    stopped = _container("exited", code=0, restart="unless-stopped").status("app")
    assert (stopped.state, stopped.exits) == (State.STOPPED, 0)
    sick = {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no answer\n"}]}
    unwell = _container("running", Health=sick).status("app")
    assert (unwell.state, unwell.health, unwell.note) == (
        State.RUNNING,
        Health.UNHEALTHY,
        "no answer",
    )
    assert unwell.started_at == 1795467600.123
    greedy = _container("restarting", OOMKilled=True).status("app")
    assert (greedy.state, greedy.note) == (State.RESTARTING, "ran out of memory: mem_limit")


def test_replicas_are_numbered_and_single_containers_are_not() -> None:
    one, two = _container("running"), _container("running", number="2")
    assert list(named([one])) == ["app"]
    assert list(named([one, two])) == ["app-1", "app-2"]


def test_control_groups_of_version_1_are_read(tmp_path: Path) -> None:
    groups, membership = tmp_path / "groups", tmp_path / "membership"
    membership.write_text("4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n")
    cpu, memory = groups / "cpuacct/docker/abc", groups / "memory/docker/abc"
    for directory in (cpu, memory):
        directory.mkdir(parents=True)
    (cpu / "cpuacct.usage").write_text("2500000000\n")
    (memory / "memory.usage_in_bytes").write_text("5000\n")
    (memory / "memory.stat").write_text("cache 900\ntotal_inactive_file 700\n")
    assert read("abc", membership, groups) == Look(2.5, 4300)


def test_control_groups_of_version_2_are_read(tmp_path: Path) -> None:
    groups, membership = tmp_path / "groups", tmp_path / "membership"
    membership.write_text("0::/system.slice/docker-abc.scope\n")
    group = groups / "system.slice/docker-abc.scope"
    group.mkdir(parents=True)
    (groups / "cgroup.controllers").touch()
    (group / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (group / "memory.current").write_text("5000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 700\n")
    assert read("abc", membership, groups) == Look(2.5, 4300)


def test_control_groups_of_another_machine_s_containers_are_not_read(tmp_path: Path) -> None:
    """Their process ids are somebody else's here, or nobody's."""
    membership = tmp_path / "membership"
    assert read("abc", membership, tmp_path) is None
    membership.write_text("0::/user.slice\n")
    (tmp_path / "cgroup.controllers").touch()
    assert read("abc", membership, tmp_path) is None


def test_mounts_that_only_their_owner_may_read_are_found(tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed", tmp_path / "open"
    closed.mkdir(mode=0o700)
    opened.mkdir()
    opened.chmod(0o755)
    mounts = [{"type": "bind", "source": str(path)} for path in (closed, opened)]
    mounts.append({"type": "volume", "source": "data"})
    assert unreadable({"services": {"app": {"volumes": mounts}}}) == [closed]


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


COMPOSE = 'test "$1" = version && echo {}'


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but what a test puts there, and a .venv likewise."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(compose, "_OWN_BIN", str(tmp_path / "venv"))
    return tmp_path


def test_the_plugin_comes_before_the_program(alone: Path) -> None:
    _script(alone / "bin/docker-compose", COMPOSE.format("2.30.0"))
    assert compose.find.__wrapped__().argv == (str(alone / "bin/docker-compose"),)
    _script(alone / "bin/docker", 'test "$1" = compose && echo v2.40.3')
    found = compose.find.__wrapped__()
    assert (found.argv, found.version) == (("docker", "compose"), "2.40.3")


@pytest.mark.parametrize("where", ["bin", "venv"])
def test_a_script_that_hides_exit_codes_is_passed_by(
    alone: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = alone / "package/docker-compose"
    _script(program, COMPOSE.format("2.40.3"))
    _script(alone / where / "docker-compose", "echo 2.40.3")
    _script(alone / where / "python3", f"echo {program.parent}")
    _script(alone / "first/python3", "exit 1")  # as in a test run, where .venv comes first
    monkeypatch.setenv("PATH", f"{alone}/first:{alone}/bin")
    assert compose.find.__wrapped__().argv == (str(program),)


def test_compose_that_is_missing_or_too_old_is_told(alone: Path) -> None:
    with pytest.raises(RefusedError, match="Docker Compose is not"):
        compose.find.__wrapped__()
    _script(alone / "bin/docker-compose", COMPOSE.format("1.29.2"))
    with pytest.raises(RefusedError, match=r"Docker Compose 1.29.2 is too old, 2.24.4 is needed"):
        compose.find.__wrapped__()


@pytest.fixture
def engine_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Point the API at an address."""

    def point(address: str) -> None:
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.setattr(api, "_socket_path", api._socket_path.__wrapped__)

    return point


def test_an_engine_that_is_not_there_is_told_with_what_to_do(
    engine_at: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_at(f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match="Docker is not installed"):
        api.connect()
    _script(tmp_path / "docker", "exit 1")
    with pytest.raises(RefusedError, match="engine is not running") as refused:
        api.connect()
    assert "systemctl start docker" in str(refused.value.hint)


def test_a_socket_without_permission_is_told(engine_at: Any, monkeypatch: Any) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    engine_at("unix:///engine.sock")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(RefusedError, match=r"no permission on /engine.sock") as refused:
        api.connect()
    assert "usermod -aG docker" in str(refused.value.hint)


def test_an_engine_elsewhere_is_refused(engine_at: Any) -> None:
    engine_at("ssh://somebody@elsewhere")
    with pytest.raises(RefusedError, match="on another machine"):
        api.connect()
