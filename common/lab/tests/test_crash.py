"""Whoever is killed, nothing is left running."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from lab.instance import Instance
from lab.paths import ROOT, STATE
from lab.phases import find
from lab.status import Stage
from lab.tests.conftest import SERVER, MakeSystem, System, answer, wait_for

# Its child lives in a session of its own: the hardest to find.
APP = f"""\
services:
  app:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", CHILD: "1"}}
    ports: ["127.0.0.1:${{CHAT_PORT:-8000}}:8000"]
    restart: always
"""


def guard_of(system: System) -> psutil.Process:
    supervisor = system.status().supervisor
    assert supervisor is not None
    guard = psutil.Process(supervisor).parent()
    assert guard is not None
    assert "lab.native.guard" in guard.cmdline()
    return guard


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    made = make_system(APP)
    made.up()
    wait_for(lambda: len(made.processes()) >= 4)  # guard, supervisor, service, its child
    return made


def test_killed_supervisor(system: System) -> None:
    os.kill(system.status().supervisor or 0, signal.SIGKILL)
    wait_for(lambda: not system.instance.is_running())
    assert system.processes() == []


def test_killed_guard(system: System) -> None:
    guard_of(system).kill()
    wait_for(lambda: not system.instance.is_running())
    system.engine.clean_up(system.instance)
    assert system.processes() == []


def test_killed_supervisor_and_guard(system: System) -> None:
    guard, service = guard_of(system), psutil.Process(system.service("app").pid)
    guard.suspend()  # so that it cannot act between the two
    os.kill(system.status().supervisor or 0, signal.SIGKILL)
    guard.kill()
    wait_for(lambda: not service.is_running())  # the kernel told it
    wait_for(lambda: not system.instance.is_running())
    assert system.engine.clean_up(system.instance) == 1  # the child in its own session
    assert system.processes() == []


def test_a_crashed_instance_starts_again(system: System) -> None:
    os.kill(system.status().supervisor or 0, signal.SIGKILL)
    wait_for(lambda: not system.instance.is_running())
    assert system.up().services["app"].settled


def test_a_killed_starter_takes_the_instance_with_it(make_system: MakeSystem) -> None:
    system = make_system(APP)
    reader, writer = os.pipe()
    starter = os.fork()
    if starter == 0:
        try:
            system.up()
            os.write(writer, b"up")
            time.sleep(600)
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 2) == b"up"
    os.close(reader)
    os.kill(starter, signal.SIGKILL)
    os.waitpid(starter, 0)
    wait_for(lambda: not system.processes())


@pytest.fixture
def instance(make_system: MakeSystem) -> Iterator[Instance]:
    """A fixture phase that the command itself finds by its directory."""
    made = make_system(APP, name=f"lab-test-{os.getpid()}")
    instance = Instance(find(str(made.instance.phase.directory)), STATE / made.instance.phase.name)
    yield instance
    if instance.is_running():
        System(instance).down()
    instance.remove()


def lab(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [ROOT / "lab", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def started(process: "subprocess.Popen[str]") -> str:
    """Read what `lab up` prints until it names the address."""
    assert process.stdout is not None
    for line in process.stdout:
        if "http://" in line:
            return line.strip()
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_stops_everything_before_it_ends(
    instance: Instance, number: signal.Signals
) -> None:
    process = lab("up", "--native", str(instance.phase.directory))
    assert answer(started(process))["pid"]
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "is stopped" in said
    assert System(instance).processes() == []


def test_a_killed_command_leaves_nothing(instance: Instance) -> None:
    process = lab("up", "--native", str(instance.phase.directory))
    started(process)
    process.kill()
    process.communicate()
    wait_for(lambda: not System(instance).processes())


def test_detached_it_outlives_the_command_and_a_second_one_finds_it(instance: Instance) -> None:
    first = lab("up", "--native", "--detach", str(instance.phase.directory))
    address = started(first)
    assert first.wait(20) == 0
    second = lab("up", "--native", "--detach", str(instance.phase.directory))
    said, _ = second.communicate(timeout=20)
    assert (second.returncode, "already running" in said, address in said) == (0, True, True)
    assert answer(address)["env"]["CHILD"] == "1"
    shown, _ = lab("ps", str(instance.phase.directory)).communicate()
    assert "healthy" in shown
    assert lab("down", str(instance.phase.directory)).wait(20) == 0
    assert System(instance).processes() == []
    asked = lab("ps", str(instance.phase.directory))
    asked.communicate()
    assert asked.returncode == 3


def test_a_second_start_at_the_same_moment_joins_the_first(instance: Instance) -> None:
    both = [lab("up", "--native", "--detach", str(instance.phase.directory)) for _ in range(2)]
    outputs = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted("already running" in out for out, _ in outputs) == [False, True]


def test_a_service_that_does_not_start_shows_its_last_words(make_system: MakeSystem) -> None:
    system = make_system(
        "services: {app: {build: ., command: [python, -c, 'print(\"why\"); exit(3)']}}",
        name=f"lab-test-broken-{os.getpid()}",
    )
    process = lab("up", "--native", str(system.instance.phase.directory))
    _, said = process.communicate(timeout=20)
    Instance(system.instance.phase, STATE / system.instance.phase.name).remove()
    assert process.returncode == 1
    assert "app | why" in said
    assert "app exited with code 3" in said


def test_a_taken_port_is_stepped_over_and_said(instance: Instance) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        environment = {**os.environ, "CHAT_PORT": str(taken)}
        command = [str(ROOT / "lab"), "up", "--native", "--detach", str(instance.phase.directory)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"http://127.0.0.1:{taken + 1}" in done.stdout
    assert f"Port {taken} is taken" in done.stderr


def test_a_port_that_is_free_is_used_and_not_said_to_be_taken(instance: Instance) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    environment = {**os.environ, "CHAT_PORT": str(free)}
    command = [str(ROOT / "lab"), "up", "--native", "--detach", str(instance.phase.directory)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"http://127.0.0.1:{free}" in done.stdout
    assert "taken" not in done.stderr


def test_two_instances_of_one_phase_run_side_by_side(make_system: MakeSystem) -> None:
    first, second = make_system(APP), make_system(APP)
    port = first.instance.phase.port
    second.instance.phase.__dict__["port"] = port  # both prefer the same one
    addresses = {first.up().address, second.up().address}
    assert len(addresses) == 2
    assert {answer(str(address))["env"]["LAB_INSTANCE"] for address in addresses} == {
        str(first.instance.directory),
        str(second.instance.directory),
    }


def test_a_port_lost_between_choice_and_use_is_chosen_again(make_system: MakeSystem) -> None:
    """A service that is slow to listen loses its port to the test; lab moves it elsewhere."""
    system = make_system(APP.replace('CHILD: "1"', 'DELAY: "0.4"').replace("always", "no"))
    assert system.engine.start(system.instance)
    plan = wait_for(lambda: system.instance.read("plan.json"))
    lost = int(str(plan["main_port"]))
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", lost))
        thief.listen()
        wait_for(lambda: system.status().stage is Stage.READY)
        status = system.status()
    assert status.address != f"http://127.0.0.1:{lost}"
    assert answer(str(status.address))["pid"] == status.services["app"].pid
