"""What `lab doctor` finds, and how it says so."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab import engines
from lab import instance as lab_instance
from lab.cli import doctor as doctor_command
from lab.docker import api
from lab.docker.containers import PROJECT
from lab.doctor import browser, leftovers, machine, needs
from lab.doctor import engines as answering
from lab.doctor.report import EngineReport, Finding, NeedsReport, PhaseReport, Report
from lab.errors import RefusedError
from lab.instance import Instance
from lab.native.plan import MARK
from lab.phases import Phase
from lab.tests.conftest import MakeSystem, wait_for
from lab.tests.docker_support import skip_without_docker
from lab.tests.test_cli import lab
from lab.tests.test_crash import APP

NATIVE = [EngineReport("native", {})]


def ended_pid() -> int:
    """Return the id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def no_docker() -> None:
    raise RefusedError("it sleeps", "wake it")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a .lab of its own in the place of this checkout's."""
    for module in (engines, leftovers, lab_instance):
        monkeypatch.setattr(module, "STATE", tmp_path)
    monkeypatch.setattr(leftovers, "ROOT", tmp_path)
    monkeypatch.setattr(api, "connect", no_docker)
    return tmp_path


@pytest.fixture
def phase(tmp_path: Path) -> Callable[[str], Phase]:
    def make(text: str) -> Phase:
        (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
        return Phase("phase9", "phase 9", tmp_path, 8009)

    return make


def test_a_phase_that_lacks_nothing_runs(phase: Callable[[str], Phase]) -> None:
    found = needs.of(phase("services: {app: {build: ., command: python -V}}"), NATIVE)
    assert (found.runs, found.images) == (True, [])
    assert found.engines == {"native": NeedsReport([], [])}


def test_every_image_without_a_native_server_is_named(phase: Callable[[str], Phase]) -> None:
    found = needs.of(phase("services: {a: {image: 'no:1'}, b: {image: 'such:2'}}"), NATIVE)
    assert (found.runs, found.images) == (False, ["no:1", "such:2"])
    first, second = found.engines["native"].missing
    assert "no:1" in first.what
    assert "such:2" in second.what


def test_a_program_that_is_not_in_the_environment_is_named(phase: Callable[[str], Phase]) -> None:
    found = needs.of(phase("services: {app: {build: ., command: no-such-program}}"), NATIVE)
    (missing,) = found.engines["native"].missing
    assert "app runs no-such-program" in missing.what
    assert missing.fix


def test_an_engine_that_does_not_answer_runs_no_phase(phase: Callable[[str], Phase]) -> None:
    problem = Finding("no engine", "get one")
    silent = [EngineReport("docker", {}, problem)]
    found = needs.of(phase("services: {app: {build: ., command: python}}"), silent)
    assert (found.runs, found.engines["docker"].missing) == (False, [problem])


def test_why_docker_does_not_answer_and_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "connect", no_docker)
    docker, native = answering.look()
    assert (docker.name, docker.problem) == ("docker", Finding("it sleeps", "wake it"))
    assert native.problem is None


def test_an_engine_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_ANSWERS", 0.1)
    monkeypatch.setattr(api, "_socket_path", lambda: str(tmp_path / "socket"))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "socket"))
        silent.listen()
        problem = answering.look()[0].problem
    assert problem is not None
    assert "timed out" in problem.what


def test_ordinary_processes_are_for_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "PLATFORM", "another")
    assert answering.look()[1].problem is not None


def test_a_taken_port_is_told_with_who_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        monkeypatch.setattr(machine, "FIRST_PORT", taken)
        monkeypatch.setattr(engines, "running", list)
        first, *_ = machine.ports()
    assert (first.port, first.phase) == (taken, "phase0")
    assert f"pid {os.getpid()}" in (first.holder or "")


def test_a_port_of_ours_is_told_with_the_instance(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(APP)
    port = int((system.up().address or "").rpartition(":")[2])
    monkeypatch.setattr(machine, "FIRST_PORT", port)
    monkeypatch.setattr(engines, "running", lambda: [system.instance])
    assert machine.ports()[0].holder == "state-0 of this checkout"


def test_little_memory_and_disk_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LOW_MEMORY", 2**60)
    monkeypatch.setattr(machine, "LOW_DISK", 2**60)
    assert [problem.fix for problem in machine.look().problems] == ["./lab down", "df -h"]


def test_chromium_is_found_as_the_tests_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "any"
    program.write_text("#!/bin/sh\necho Chromium 1.2\n")
    program.chmod(0o755)
    monkeypatch.setenv("WEB_CHROMIUM", str(program))
    assert browser.look().version == "Chromium 1.2"
    monkeypatch.delenv("WEB_CHROMIUM")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    missing = browser.look().problem
    assert missing is not None
    assert "chromium" in (missing.fix or "")


@pytest.fixture
def stray(state: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of an instance that does not run."""
    environment = {**os.environ, MARK: str(state / "phase9")}
    process = subprocess.Popen(["sleep", "600"], env=environment)
    yield process
    process.kill()
    process.wait()


def test_a_stray_is_found_and_ended(stray: "subprocess.Popen[bytes]") -> None:
    (found,) = leftovers.look()
    assert found == Finding("processes of phase9, which has crashed: 1", "./lab down")
    (instance,) = engines.crashed()
    assert engines.of(instance).clean_up(instance) == 1
    wait_for(lambda: stray.poll() is not None)
    assert leftovers.look() == []


def test_what_runs_is_no_leftover(state: Path, make_system: MakeSystem) -> None:
    make_system(APP).up()
    assert leftovers.look() == []


def test_an_instance_whose_directory_was_deleted_is_found_and_ended(
    state: Path, make_system: MakeSystem
) -> None:
    system = make_system(APP)
    system.up()
    wait_for(lambda: len(system.processes()) >= 4)  # guard, supervisor, service, its child
    shutil.rmtree(system.instance.directory)
    (instance,) = engines.crashed()
    assert engines.of(instance).clean_up(instance) >= 4
    assert system.processes() == []


def test_what_test_runs_have_left_is_told_once_they_have_ended(state: Path) -> None:
    ended, alive = ended_pid(), os.getpid()
    for pid in (ended, alive):
        Instance(Phase("x", "x", state, 8000), state / f"test-x-{pid}").make()
        (state / f"counts-{pid}.json").touch()
    (state / "phase0").mkdir()
    assert [found.fix for found in leftovers.look()] == [
        f"rm -r counts-{ended}.json",
        f"rm -r test-x-{ended}",
    ]


class FakeDocker:
    """An engine with two projects, one of which lies in the checkout at `root`."""

    def __init__(self, root: Path) -> None:
        self.where = {"ours": root / "phase0-mvp", "foreign": Path("/elsewhere")}

    def get(self, path: str, **_: object) -> list[dict[str, dict[str, str]]]:
        if path == "/images/json":
            return [{}, {}]
        return [
            {"Labels": {PROJECT: name, leftovers._FOLDER: str(directory)}}
            for name, directory in self.where.items()
        ]


def test_containers_that_no_instance_owns_and_replaced_images_are_found(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "connect", lambda: FakeDocker(state))
    monkeypatch.setattr(leftovers, "command", lambda: "docker compose")
    containers, images = leftovers.look()
    assert containers.fix == "docker compose --project-name ours down"
    assert images.what.endswith(": 2")


def test_an_image_that_is_not_here_is_no_obstacle(phase: Callable[[str], Phase]) -> None:
    skip_without_docker()
    made = phase("services: {db: {image: 'nosuch:1'}, app: {build: ., image: 'nosuch:2'}}")
    found = needs.of(made, [EngineReport("docker", {})])
    assert found.runs
    fixes = [note.fix or "" for note in found.engines["docker"].notes]
    assert [fix.rpartition(" ")[2] for fix in sorted(fixes)] == ["build", "pull"]


def test_it_answers_programs_and_people() -> None:
    said = lab("doctor", "--json")
    assert (said.returncode, said.stderr) == (0, "")
    found = json.loads(said.stdout)
    assert [*found] == ["ok", "engines", "machine", "ports", "phases", "browser", "leftovers"]
    assert found["phases"][0]["runs"] is found["ok"] is True
    shown = lab("doctor")
    assert (shown.returncode, "phase0-mvp" in shown.stdout) == (0, True)
    assert shown.stdout.endswith("Phase 0 runs here: ./lab up 0\n")


def test_where_phase_0_cannot_run_the_code_says_so(
    monkeypatch: pytest.MonkeyPatch, phase: Callable[[str], Phase]
) -> None:
    well = Report(NATIVE, machine.look(), [], [], browser.look(), [Finding("left", "remove it")])
    missing = NeedsReport([Finding("no server", "get it")], [Finding("slow at first")])
    ill = replace(well, phases=[PhaseReport("phase0", "phase0-mvp", ["db:1"], {"native": missing})])
    monkeypatch.setattr(doctor_command, "examine", lambda: ill)
    said = CliRunner().invoke(doctor_command.command, [], standalone_mode=False)
    assert said.return_value == 1
    for words in ("no server", "get it", "slow at first", "with db:1", "remove it", "not run here"):
        assert words in said.output
