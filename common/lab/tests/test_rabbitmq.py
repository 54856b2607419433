"""The image rabbitmq as processes: brokers that keep what they confirm, each by itself."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
import psutil
import pytest
from pika import (
    BasicProperties,
    BlockingConnection,
    ConnectionParameters,
    DeliveryMode,
    PlainCredentials,
)
from pika.exceptions import AMQPConnectionError, ProbableAuthenticationError

from lab.bootstrap import root_prefix
from lab.errors import LabError, RefusedError
from lab.instance import PLAN_FILE
from lab.native.adapters import rabbitmq
from lab.native.adapters.adapter import Server
from lab.native.plan import Plan
from lab.native.planner import check
from lab.status import Health
from lab.tests.conftest import SERVICES, MakeSystem, System, wait_for
from lab.tests.docker_support import DockerSystem, make_phase, new_instance, skip_without_docker

TEXT = (SERVICES / "rabbitmq" / "compose.yaml").read_text(encoding="utf-8")
BROKER = "broker"
AMQP, PAGES, METRICS = 5672, 15672, 15692
SLOW = 60.0  # seconds; a broker starts in 6 of them on a machine that does nothing else
QUEUE = "messages"
QUORUM = {"x-queue-type": "quorum"}


@pytest.fixture
def make_broker(make_system: MakeSystem) -> MakeSystem:
    """Make systems as make_system does, where there is a server or one can be installed."""
    if rabbitmq.RabbitMQ().find() is None and root_prefix() is None:
        pytest.skip("needs a RabbitMQ of this machine: apt-get install rabbitmq-server")
    return make_system


@pytest.fixture
def system(make_broker: MakeSystem) -> System:
    """Return a broker, up."""
    made = make_broker(TEXT)
    made.up()
    return made


@pytest.fixture
def docker_system(tmp_path: Path) -> Iterator[DockerSystem]:
    """Return the same under Docker."""
    skip_without_docker("rabbitmq:4.0-management")
    system = DockerSystem(new_instance(tmp_path, make_phase(tmp_path, TEXT)))
    try:
        system.up()
        yield system
    finally:
        system.discard()


def port_of(system: System | DockerSystem, port: int) -> int:
    """Return the port of loopback on which the broker's port is reached."""
    if isinstance(system, System):
        return plan_of(system).processes[BROKER].ports[port]
    bindings = system.container().raw["NetworkSettings"]["Ports"]
    return int(bindings[f"{port}/tcp"][0]["HostPort"])


def plan_of(system: System) -> Plan:
    raw = system.instance.read(PLAN_FILE)
    assert raw is not None
    return Plan.from_json(raw)


def password_of(system: System | DockerSystem) -> str:
    return (system.instance.secrets / "broker_password").read_text(encoding="ascii")


def connect(
    system: System | DockerSystem, user: str = "chat", password: str | None = None
) -> BlockingConnection:
    credentials = PlainCredentials(user, password or password_of(system))
    return BlockingConnection(
        ConnectionParameters(
            "127.0.0.1", port_of(system, AMQP), credentials=credentials, socket_timeout=10
        )
    )


def publish(system: System | DockerSystem, *bodies: bytes) -> None:
    """Publish to a quorum queue; returns when the broker has confirmed all."""
    with closing(connect(system)) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
        channel.confirm_delivery()
        for body in bodies:
            persistent = BasicProperties(delivery_mode=DeliveryMode.Persistent)
            channel.basic_publish("", QUEUE, body, persistent, mandatory=True)


def peek(system: System | DockerSystem) -> list[bytes]:
    """Return what the queue holds, and leave it there."""
    with closing(connect(system)) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
        bodies = []
        while (got := channel.basic_get(QUEUE))[0] is not None:
            bodies.append(got[2] or b"")
        return bodies


def is_written_down(system: System | DockerSystem) -> bool:
    """Tell whether a kill leaves the queue: that there is one is written down some 3 s later."""
    native = isinstance(system, System)
    data = system.instance.volumes / BROKER if native else "/var/lib/rabbitmq"
    words = f"grep -qa {QUEUE} {data}/mnesia/*/quorum/*/names.dets"
    return system.engine.run(system.instance, BROKER, ["sh", "-c", words]) == 0


def holds(system: System | DockerSystem, *bodies: bytes) -> bool:
    """Tell whether the broker answers and the queue holds just this."""
    try:
        return peek(system) == [*bodies]
    except AMQPConnectionError:
        return False


def listeners(system: System) -> set[tuple[str, int]]:
    """Return every address on which a process of the system listens."""
    pids = {process.pid for process in system.processes()}
    return {
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.net_connections(kind="inet")
        if connection.pid in pids and connection.laddr and connection.status == psutil.CONN_LISTEN
    }


def by_name(system: System, name: str) -> psutil.Process:
    (found,) = [process for process in system.processes() if process.name() == name]
    return found


def test_what_is_confirmed_outlives_a_kill_and_a_stop_that_leave_nothing_behind(
    system: System,
) -> None:
    publish(system, b"1", b"2", b"3")
    wait_for(lambda: is_written_down(system))
    port, before = port_of(system, AMQP), system.processes()
    system.kill(BROKER)
    wait_for(lambda: system.service(BROKER).exits == 1 and system.service(BROKER).settled, SLOW)
    assert port_of(system, AMQP) == port
    survivors = [one for one in before if one.is_running() and one.status() != "zombie"]
    assert {one.pid for one in survivors} <= {one.pid for one in supervision(system)}
    wait_for(lambda: holds(system, b"1", b"2", b"3"), SLOW)  # a queue may need a while more
    system.down()
    assert not any("did not stop within" in line for line in system.log(BROKER))
    assert any("SIGTERM received - shutting down" in line for line in system.log(BROKER))
    assert not system.processes()
    system.up()
    wait_for(lambda: holds(system, b"1", b"2", b"3"), SLOW)


def supervision(system: System) -> list[psutil.Process]:
    """Return guard and supervisor."""
    supervisor = psutil.Process(system.status().supervisor)
    guard = supervisor.parent()
    assert guard is not None
    return [guard, supervisor]


def test_two_brokers_know_nothing_of_each_other_and_listen_on_loopback_alone(
    system: System, make_broker: MakeSystem
) -> None:
    other = make_broker(TEXT, "other")
    other.up()
    publish(system, b"here")
    assert holds(system, b"here")
    assert holds(other)
    for one in (system, other):
        found = listeners(one)
        assert {ip for ip, _ in found} <= {"127.0.0.1", "::1"}
        assert {port for _, port in found} == plan_of(one).ports()
    assert not plan_of(system).ports() & plan_of(other).ports()
    cookies = {
        (one.instance.volumes / "broker/.erlang.cookie").read_text() for one in (system, other)
    }
    assert len(cookies) == 2
    assert all(len(cookie) == 64 for cookie in cookies)


def test_nobody_enters_without_the_password_that_was_made(system: System) -> None:
    for user, password in (("guest", "guest"), ("chat", "guest"), ("guest", password_of(system))):
        with pytest.raises(ProbableAuthenticationError):
            connect(system, user, password)
    api = f"http://127.0.0.1:{port_of(system, PAGES)}/api/users"
    assert httpx.get(api, auth=("guest", "guest")).status_code == 401
    users = httpx.get(api, auth=("chat", password_of(system)))
    assert [user["name"] for user in users.json()] == ["chat"]
    assert password_of(system) not in by_name(system, "epmd").environ().values()
    assert password_of(system) not in "\n".join(system.log(BROKER))
    for private in (system.instance.volumes / "broker").rglob("*"):
        assert private.is_dir() or not private.stat().st_mode & 0o077, private


def test_its_own_programs_reach_it_and_it_counts_for_prometheus(system: System) -> None:
    publish(system, b"1")
    words = ["rabbitmqctl", "--silent", "delete_queue", QUEUE]
    assert system.engine.run(system.instance, BROKER, words) == 0
    assert holds(system)
    metrics = httpx.get(f"http://127.0.0.1:{port_of(system, METRICS)}/metrics").text
    assert "rabbitmq_resident_memory_limit_bytes 314572800" in metrics, "as rabbitmq.conf has it"
    assert "rabbitmq_channels " in metrics


def test_a_broker_that_hangs_is_unhealthy_until_it_answers_again(make_broker: MakeSystem) -> None:
    system = make_broker(TEXT.replace("retries: 5", "retries: 1"))
    system.up()
    system.engine.signal_service(system.instance, BROKER, SIGSTOP)
    wait_for(lambda: system.service(BROKER).health is Health.UNHEALTHY)
    system.engine.signal_service(system.instance, BROKER, SIGCONT)
    wait_for(lambda: system.service(BROKER).health is Health.HEALTHY)


def test_it_ends_when_supervisor_and_guard_are_killed_and_loses_nothing(system: System) -> None:
    publish(system, b"1")
    owned = [one for one in system.processes() if one not in supervision(system)]
    guard, supervisor = supervision(system)
    guard.suspend()  # so that it cannot act between the two
    supervisor.kill()
    guard.kill()
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in owned), SLOW)
    wait_for(lambda: not system.instance.is_running())
    system.up()
    wait_for(lambda: holds(system, b"1"), SLOW)


def test_the_same_file_runs_under_docker(docker_system: DockerSystem) -> None:
    publish(docker_system, b"1", b"2")
    with pytest.raises(ProbableAuthenticationError):
        connect(docker_system, "guest", "guest")
    wait_for(lambda: is_written_down(docker_system))
    docker_system.kill(BROKER)
    wait_for(lambda: holds(docker_system, b"1", b"2"), SLOW)
    docker_system.down()
    docker_system.up()
    wait_for(lambda: holds(docker_system, b"1", b"2"), SLOW)


# What the script does before it becomes the server, with programs that only tell.

Enter = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """Run a server's script with variables, and a rabbitmq.conf if there is one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shown = 'cat "$RABBITMQ_CONFIG_FILE"'
    for name, does in (("rabbitmq-server", shown), ("rabbitmqctl", "echo $HOME"), ("epmd", ":")):
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    settings = tmp_path / "settings"
    settings.mkdir()

    def run(
        configuration: str = "", program: str = "rabbitmq-server", **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        if configuration:
            (settings / "rabbitmq.conf").write_text(configuration)
        launch = rabbitmq.RabbitMQ().launch(Server("x", "1", {}), [], lambda port: 20000 + port)
        environment = {
            key: value.replace("/etc/rabbitmq", str(settings)).replace("/var/lib", str(tmp_path))
            for key, value in launch.environment.items()
        }
        (tmp_path / "rabbitmq").mkdir(exist_ok=True)
        return subprocess.run(
            ["bash", rabbitmq._SCRIPT, programs / program],
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "TMPDIR": str(tmp_path),
                "RABBITMQ_DEFAULT_USER": "chat",
                "RABBITMQ_DEFAULT_PASS": "secret",
                **environment,
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_listens_where_it_is_told_whatever_its_configuration_says(enter: Enter) -> None:
    given = "listeners.tcp.default = 5672\nmanagement.tcp.ip = 0.0.0.0\nchannel_max = 64"
    lines = enter(given).stdout.splitlines()
    assert lines == [
        "vm_memory_high_watermark.absolute = 256MiB",
        "channel_max = 64",
        "listeners.tcp.lab = 127.0.0.1:25672",
        "management.tcp.ip = 127.0.0.1",
        "management.tcp.port = 35672",
        "prometheus.tcp.ip = 127.0.0.1",
        "prometheus.tcp.port = 35692",
    ]
    given = "vm_memory_high_watermark.relative = 0.1\n"
    assert enter(given).stdout.startswith(f"{given}listeners"), "what it may hold is its own affair"


def test_other_programs_run_with_the_home_in_which_the_cookie_lies(
    enter: Enter, tmp_path: Path
) -> None:
    assert enter(program="rabbitmqctl").stdout == f"{tmp_path}/rabbitmq\n"
    assert not (tmp_path / "rabbitmq" / ".erlang.cookie").exists(), "the server makes it"
    enter()
    made = (tmp_path / "rabbitmq" / ".erlang.cookie").read_text()
    enter()
    assert (tmp_path / "rabbitmq" / ".erlang.cookie").read_text() == made


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"RABBITMQ_DEFAULT_PASS": ""}, "the broker has no user"),
        (
            {"RABBITMQ_DEFAULT_PASS_FILE": "/run/secrets/p"},
            "there is no RABBITMQ_DEFAULT_PASS_FILE",
        ),
        ({"RABBITMQ_NODE_PORT": "5673"}, "natively there is no RABBITMQ_NODE_PORT"),
        ({"RABBITMQ_NODENAME": "rabbit@broker"}, "ends in @localhost"),
        ({"configuration": "listeners.ssl.default = 5671"}, "there is no TLS"),
    ],
)
def test_what_it_could_not_do_it_refuses(
    enter: Enter, variables: dict[str, str], problem: str
) -> None:
    done = enter(**variables)
    assert done.returncode == 1
    assert problem in done.stderr
    assert not done.stdout


def test_settings_that_it_does_not_read_are_refused(enter: Enter, tmp_path: Path) -> None:
    (tmp_path / "settings" / "enabled_plugins").write_text("[rabbitmq_mqtt].")
    done = enter()
    assert done.returncode == 1
    assert "rabbitmq.conf and conf.d are read, and not" in done.stderr


def test_a_user_may_be_named_in_the_configuration(enter: Enter) -> None:
    done = enter("default_user = chat\ndefault_pass = secret\n", RABBITMQ_DEFAULT_PASS="")
    assert done.returncode == 0


def test_without_a_password_it_does_not_start(make_broker: MakeSystem) -> None:
    system = make_broker("services: {broker: {image: 'rabbitmq:4.0-management'}}")
    with pytest.raises(LabError):
        system.up()
    assert any("give RABBITMQ_DEFAULT_USER" in line for line in system.log(BROKER))


def test_a_machine_without_a_server_is_told_how_to_get_one(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rabbitmq, "_DEBIAN", tmp_path)
    with pytest.raises(RefusedError, match=r"'broker' needs the image rabbitmq:4\.0") as refused:
        check(make_system(TEXT).instance)
    assert "apt-get install rabbitmq-server" in str(refused.value.hint)


def test_the_newest_server_that_is_whole_and_new_enough_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "_DEBIAN", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    for version, names in (
        ("3.9.13", rabbitmq._NAMES),
        ("3.10.8", rabbitmq._NAMES),
        ("4.0.5", rabbitmq._NAMES[1:]),
    ):
        programs = tmp_path / f"rabbitmq_server-{version}" / "sbin"
        programs.mkdir(parents=True)
        for name in names:
            (programs / name).touch()
    found = rabbitmq.RabbitMQ().find()
    assert found is not None
    assert (found.product, found.version) == ("RabbitMQ", "3.10.8")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert rabbitmq.RabbitMQ().find() is None, "it takes Erlang"


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ([], ("docker-entrypoint.sh", "rabbitmq-server")),
        (["bash", "-c", "x"], ("docker-entrypoint.sh", "bash", "-c", "x")),
    ],
)
def test_its_entrypoint_runs_the_server_or_what_it_is_told(
    command: list[str], argv: tuple[str, ...]
) -> None:
    asked: list[int] = []

    def loopback(number: int) -> int:
        asked.append(number)
        return number

    server = Server("x", "1", {"rabbitmqctl": Path("/x/ctl")})
    launch = rabbitmq.RabbitMQ().launch(server, command, loopback)
    assert launch.argv == argv
    assert sorted(asked) == [4369, 5672, 15672, 15692, 25672]
    assert launch.programs["docker-entrypoint.sh"].script() == '#!/bin/sh\nexec /usr/bin/env "$@"\n'
    assert launch.programs["rabbitmqctl"].script().endswith('rabbitmq.bash /x/ctl "$@"\n')
