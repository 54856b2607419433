"""The image postgres as processes: a primary and a streaming replica, and what happens to them."""

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGKILL, SIGSTOP

import psutil
import psycopg
import pytest
from psycopg import Connection, OperationalError

from lab.errors import LabError, RefusedError
from lab.native.adapters import postgres
from lab.native.adapters.adapter import Server
from lab.native.planner import check
from lab.tests.conftest import SERVICES, MakeSystem, System, wait_for
from lab.tests.docker_support import DockerSystem, make_phase, new_instance, skip_without_docker

PAIR = (SERVICES / "postgres" / "compose.yaml").read_text(encoding="utf-8")
PRIMARY, REPLICA = "primary", "replica"
ALONE = """\
services:
  primary:
    image: postgres:17
    environment: {POSTGRES_USER: chat, POSTGRES_PASSWORD: secret}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: {test: [CMD, pg_isready, -U, chat, -d, chat], interval: 200ms, retries: 150}
    restart: unless-stopped
volumes: {data: }
"""
WITH_SCRIPTS = ALONE.replace("[data:", "[./first-start:/docker-entrypoint-initdb.d:ro, data:")


@pytest.fixture
def pair(make_system: MakeSystem) -> System:
    """Return a primary and its replica, up."""
    made = make_system(PAIR)
    made.up()
    return made


@pytest.fixture
def docker_pair(tmp_path: Path) -> Iterator[DockerSystem]:
    """Return the same under Docker."""
    skip_without_docker("postgres:17")
    system = DockerSystem(new_instance(tmp_path, make_phase(tmp_path, PAIR)))
    try:
        system.up()
        yield system
    finally:
        system.discard()


def connect(
    system: System | DockerSystem, service: str, password: str = "secret"
) -> Connection[tuple[object, ...]]:
    address = system.status().services[service].address or ""
    url = f"postgresql://chat:{password}@{address}/chat"
    return psycopg.connect(url, autocommit=True, connect_timeout=5)


def value(system: System | DockerSystem, service: str, sql: str) -> object:
    """Return the first value that a statement answers with."""
    with closing(connect(system, service)) as connection:
        row = connection.execute(sql).fetchone()
        return row[0] if row else None


def do(system: System | DockerSystem, service: str, *statements: str) -> None:
    with closing(connect(system, service)) as connection:
        for statement in statements:
            connection.execute(statement)


def holds(system: System | DockerSystem, service: str, number: int) -> bool:
    """Tell whether a service answers and its table t has so many rows."""
    try:
        return value(system, service, "SELECT count(*) FROM t") == number
    except psycopg.Error:
        return False


def fill(system: System | DockerSystem, number: int) -> None:
    do(system, PRIMARY, "CREATE TABLE t (n int PRIMARY KEY)")
    do(system, PRIMARY, f"INSERT INTO t SELECT generate_series(1, {number})")


def insert_until_it_breaks(connection: Connection[tuple[object, ...]], last: int) -> int:
    """Insert one row after the other; returns the last one that was acknowledged."""
    try:
        while True:
            connection.execute("INSERT INTO t VALUES (%s)", [last + 1])
            last += 1
            if last == 200:
                os.kill(_postmaster(connection), SIGKILL)
    except OperationalError:
        return last


def _postmaster(connection: Connection[tuple[object, ...]]) -> int:
    return psutil.Process(connection.info.backend_pid).ppid()


def data_of(system: System, service: str) -> Path:
    return system.instance.volumes / service


def servers_in(directory: Path) -> list[psutil.Process]:
    """Return the processes of PostgreSQL that work in a data directory."""
    return [
        one
        for one in psutil.process_iter(["name", "cwd"])
        if one.info["name"] == "postgres" and one.info["cwd"] == str(directory)
    ]


def script(system: System, name: str, text: str, mode: int = 0o644) -> None:
    """Put a file where the first start looks."""
    folder = system.instance.phase.directory / "first-start"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(mode)


def with_scripts(make_system: MakeSystem, text: str = WITH_SCRIPTS, **scripts: str) -> System:
    system = make_system(ALONE)
    for name, words in scripts.items():
        script(system, name.replace("_", "."), words)
    (system.instance.phase.directory / "compose.yaml").write_text(text, encoding="utf-8")
    return system


def test_what_is_written_at_the_primary_is_read_at_the_replica(pair: System) -> None:
    fill(pair, 100)
    wait_for(lambda: holds(pair, REPLICA, 100))
    assert value(pair, REPLICA, "SELECT pg_is_in_recovery()") is True
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        do(pair, REPLICA, "DELETE FROM t")


def test_loopback_asks_for_the_password_and_there_is_no_socket_file(pair: System) -> None:
    for service in (PRIMARY, REPLICA):
        with pytest.raises(OperationalError, match="password authentication failed"):
            connect(pair, service, "wrong")
        assert value(pair, service, "SHOW unix_socket_directories") == ""
        assert value(pair, service, "SHOW listen_addresses") == "127.0.0.1"


def test_what_is_asked_of_initdb_counts(pair: System) -> None:
    about = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'chat'"
    assert value(pair, PRIMARY, about) == "bC.UTF-8"
    assert value(pair, PRIMARY, "SHOW server_encoding") == "UTF8"
    assert value(pair, PRIMARY, "SHOW data_checksums") == "on"
    assert value(pair, PRIMARY, "SHOW max_slot_wal_keep_size") == "256MB"


def test_a_killed_primary_comes_back_with_all_that_it_acknowledged(pair: System) -> None:
    fill(pair, 1)
    address = pair.service(PRIMARY).address
    last = insert_until_it_breaks(connect(pair, PRIMARY), 1)
    assert last >= 200
    wait_for(lambda: pair.service(PRIMARY).exits == 1 and pair.service(PRIMARY).settled)
    assert pair.service(PRIMARY).address == address
    kept = value(pair, PRIMARY, "SELECT count(*) FROM t")
    assert kept in (last, last + 1)  # the one that nobody was told about may be there or not
    wait_for(lambda: holds(pair, REPLICA, int(str(kept))))
    do(pair, PRIMARY, "INSERT INTO t VALUES (0)")
    wait_for(lambda: holds(pair, REPLICA, int(str(kept)) + 1))


def test_children_that_do_not_notice_that_their_server_is_dead_are_ended(pair: System) -> None:
    fill(pair, 3)
    with closing(connect(pair, PRIMARY)) as connection:
        session = psutil.Process(connection.info.backend_pid)
        session.send_signal(SIGSTOP)
        pair.kill(PRIMARY)
        wait_for(lambda: pair.service(PRIMARY).exits >= 1 and pair.service(PRIMARY).settled)
        assert not session.is_running()
    assert holds(pair, PRIMARY, 3)
    assert pair.service(PRIMARY).exits == 1


def test_killing_everything_at_once_loses_nothing(pair: System) -> None:
    fill(pair, 3)
    supervisor = psutil.Process(pair.status().supervisor)
    guard = supervisor.parent()
    assert guard is not None
    for process in (guard, supervisor):
        process.suspend()  # so that neither can act on another's death
    for process in (*guard.children(recursive=True), guard):
        with contextlib.suppress(psutil.NoSuchProcess):  # a health check that has ended
            process.kill()
    wait_for(lambda: not pair.instance.is_running())
    wait_for(lambda: not servers_in(data_of(pair, PRIMARY)))
    pair.up()
    assert holds(pair, PRIMARY, 3)
    wait_for(lambda: holds(pair, REPLICA, 3))


def test_servers_whose_supervisor_and_guard_are_killed_shut_down(pair: System) -> None:
    fill(pair, 3)
    supervisor = psutil.Process(pair.status().supervisor)
    guard = supervisor.parent()
    assert guard is not None
    guard.suspend()  # so that it cannot act between the two
    supervisor.kill()
    guard.kill()
    for service in (PRIMARY, REPLICA):
        wait_for(lambda one=service: not servers_in(data_of(pair, one)))  # type: ignore[misc]
        assert not (data_of(pair, service) / "postmaster.pid").exists(), "it was told, not killed"
    wait_for(lambda: not pair.instance.is_running())
    pair.up()
    assert holds(pair, PRIMARY, 3)


def test_a_process_that_has_the_number_of_a_dead_server_is_no_obstacle(pair: System) -> None:
    fill(pair, 3)
    pair.down()
    other = psutil.Process()  # as any process of the user who runs the servers
    for service in (PRIMARY, REPLICA):
        (data_of(pair, service) / "postmaster.pid").write_text(f"{other.pid}\n", encoding="utf-8")
    pair.up()
    assert holds(pair, PRIMARY, 3)


def test_a_replica_shows_the_past_while_replay_is_paused(pair: System) -> None:
    fill(pair, 3)
    wait_for(lambda: holds(pair, REPLICA, 3))
    do(pair, REPLICA, "SELECT pg_wal_replay_pause()")
    wait_for(lambda: value(pair, REPLICA, "SELECT pg_get_wal_replay_pause_state()") == "paused")
    do(pair, PRIMARY, "INSERT INTO t VALUES (4)")
    written = value(pair, PRIMARY, "SELECT pg_current_wal_lsn()")
    behind = f"SELECT pg_wal_lsn_diff('{written}', pg_last_wal_replay_lsn()) > 0"
    received = f"SELECT pg_last_wal_receive_lsn() >= '{written}'::pg_lsn"
    wait_for(lambda: value(pair, REPLICA, received))
    assert value(pair, REPLICA, behind) is True
    assert holds(pair, REPLICA, 3)
    do(pair, REPLICA, "SELECT pg_wal_replay_resume()")
    wait_for(lambda: value(pair, REPLICA, behind) is False)
    assert holds(pair, REPLICA, 4)


def test_a_replica_that_was_away_catches_up(pair: System) -> None:
    fill(pair, 3)
    pair.engine.stop_service(pair.instance, REPLICA)
    do(pair, PRIMARY, "INSERT INTO t VALUES (4)", "SELECT pg_switch_wal()", "CHECKPOINT")
    pair.engine.restart_service(pair.instance, REPLICA)
    wait_for(lambda: holds(pair, REPLICA, 4))


def test_a_replica_that_was_away_for_too_long_begins_anew(make_system: MakeSystem) -> None:
    pair = make_system(PAIR.replace("=256MB", "=16MB"))
    pair.up()
    fill(pair, 3)
    pair.engine.stop_service(pair.instance, REPLICA)
    for _ in range(4):
        do(pair, PRIMARY, "CREATE TABLE filler ()", "DROP TABLE filler", "SELECT pg_switch_wal()")
    do(pair, PRIMARY, "CHECKPOINT", "INSERT INTO t VALUES (4)")
    assert value(pair, PRIMARY, "SELECT wal_status FROM pg_replication_slots") == "lost"
    pair.engine.restart_service(pair.instance, REPLICA)
    wait_for(lambda: holds(pair, REPLICA, 4))
    assert value(pair, PRIMARY, "SELECT wal_status FROM pg_replication_slots") == "reserved"


def test_down_is_a_clean_shutdown_that_waits_for_no_session_and_data_stays(pair: System) -> None:
    fill(pair, 3)
    with closing(connect(pair, PRIMARY)):
        pair.down()
    assert "database system is shut down" in pair.log(PRIMARY)[-1]
    assert not pair.processes()
    for service in (PRIMARY, REPLICA):
        assert not servers_in(data_of(pair, service))
        assert not (data_of(pair, service) / "postmaster.pid").exists()
        assert stat.S_IMODE(data_of(pair, service).stat().st_mode) == 0o700
    pair.up()
    assert holds(pair, PRIMARY, 3)
    wait_for(lambda: holds(pair, REPLICA, 3))


def test_two_instances_run_side_by_side(pair: System, make_system: MakeSystem) -> None:
    other = make_system(PAIR, "other")
    other.up()
    fill(pair, 3)
    fill(other, 5)
    wait_for(lambda: holds(pair, REPLICA, 3))
    wait_for(lambda: holds(other, REPLICA, 5))


def test_a_path_longer_than_a_socket_may_have_is_no_obstacle(make_system: MakeSystem) -> None:
    system = make_system(ALONE, "deep" * 20)
    system.instance.__dict__["directory"] = system.instance.directory / ("deep" * 30)
    system.up()
    assert value(system, PRIMARY, "SELECT 1") == 1


def test_a_first_start_runs_scripts_in_order_as_the_image_does(make_system: MakeSystem) -> None:
    system = with_scripts(
        make_system,
        a_sql="CREATE TABLE t (n int); INSERT INTO t VALUES (1);",
        b_sh='psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO t VALUES (2)"',
        c_txt="nothing",
    )
    system.up()
    assert holds(system, PRIMARY, 2)
    assert any("ignoring" in line and "c.txt" in line for line in system.log(PRIMARY))
    system.down()
    system.up()
    assert holds(system, PRIMARY, 2)


def test_a_first_start_that_failed_begins_anew(make_system: MakeSystem) -> None:
    text = WITH_SCRIPTS.replace("restart: unless-stopped", "restart: 'no'")
    system = with_scripts(make_system, text, a_sql="CREATE TABLE t (n int);", b_sql="SELECT 1 / 0;")
    with pytest.raises(LabError):
        system.up()
    assert any("division by zero" in line for line in system.log(PRIMARY))
    wait_for(lambda: not system.instance.is_running())
    script(system, "b.sql", "INSERT INTO t VALUES (1);")
    system.up()
    assert holds(system, PRIMARY, 1)


def test_a_first_start_that_is_interrupted_ends_soon_and_begins_anew(
    make_system: MakeSystem,
) -> None:
    system = with_scripts(make_system, a_sh="echo sleeping; sleep 600")
    assert system.engine.start(system.instance)
    wait_for(lambda: "sleeping" in system.log(PRIMARY), patience=60)
    system.down()
    assert not any("did not stop within" in line for line in system.log(PRIMARY))
    wait_for(lambda: not servers_in(data_of(system, PRIMARY) / ".making"))
    script(system, "a.sh", "echo awake")
    system.up()
    assert "awake" in system.log(PRIMARY)


def test_the_password_comes_from_a_file_and_is_not_in_the_servers_environment(
    make_system: MakeSystem,
) -> None:
    text = ALONE.replace("POSTGRES_PASSWORD: secret", "POSTGRES_PASSWORD_FILE: /run/secrets/pw")
    text = text.replace("[data:", "[./pw:/run/secrets/pw:ro, data:")
    system = with_scripts(make_system, ALONE)
    secret = system.instance.phase.directory / "pw"
    secret.write_text("secret\n", encoding="utf-8")
    secret.chmod(0o600)
    (system.instance.phase.directory / "compose.yaml").write_text(text, encoding="utf-8")
    system.up()
    assert value(system, PRIMARY, "SELECT 1") == 1
    server = psutil.Process(system.service(PRIMARY).pid)
    assert "secret" not in server.environ().values()


def test_it_trusts_everybody_where_it_is_told_so(make_system: MakeSystem) -> None:
    trust = "POSTGRES_HOST_AUTH_METHOD: trust"
    system = make_system(ALONE.replace("POSTGRES_PASSWORD: secret", trust))
    system.up()
    with closing(connect(system, PRIMARY, "anything")):
        pass


def test_without_a_password_it_does_not_start(make_system: MakeSystem) -> None:
    system = make_system(ALONE.replace(", POSTGRES_PASSWORD: secret", ""))
    with pytest.raises(LabError):
        system.up()
    assert any("give POSTGRES_PASSWORD" in line for line in system.log(PRIMARY))


@pytest.mark.skipif(os.getuid() != 0, reason="is about root")
def test_as_root_it_runs_as_nobody_who_may_read_and_no_more(make_system: MakeSystem) -> None:
    system = make_system(ALONE)
    system.up()
    server = psutil.Process(system.service(PRIMARY).pid)
    assert server.username() == "nobody"
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 2  # dac_read_search


def test_psql_in_the_services_place_finds_its_server(make_system: MakeSystem) -> None:
    system = make_system(ALONE.replace("{POSTGRES_USER", "{PGPASSWORD: secret, POSTGRES_USER"))
    system.up()
    words = ["psql", "-U", "chat", "-d", "chat", "-c", "CREATE TABLE t (n int)"]
    assert system.engine.run(system.instance, PRIMARY, words) == 0
    assert holds(system, PRIMARY, 0)


def test_a_single_file_for_the_first_start_is_refused(make_system: MakeSystem) -> None:
    text = WITH_SCRIPTS.replace(
        "-start:/docker-entrypoint-initdb.d", "-start/a.sql:/docker-entrypoint-initdb.d/a.sql"
    )
    system = with_scripts(make_system, text, a_sql="SELECT 1")
    with pytest.raises(RefusedError, match="as one directory only"):
        check(system.instance)


def test_a_machine_without_a_server_is_told_how_to_get_one(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres, "in_wheel", lambda *_: "")
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    with pytest.raises(RefusedError, match=r"'primary' needs the image postgres:17") as refused:
        check(make_system(ALONE).instance)
    assert "apt-get install postgresql-17" in str(refused.value.hint)


def test_the_machines_own_server_is_used_where_there_is_no_wheel_and_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "in_wheel", lambda *_: "")
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    for version in ("9.6", "15", "17", "18"):
        programs = tmp_path / version / "bin"
        programs.mkdir(parents=True)
        for name in postgres._PROGRAMS if version != "18" else ["psql"]:  # 18: the client alone
            (programs / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.7'\n")
            (programs / name).chmod(0o755)
    found = postgres.Postgres().find()
    assert found is not None
    assert found.version == "17.7"


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ([], 5432),
        (["postgres", "-p", "6000"], 6000),
        (["-c", "port=6000", "-c", "max_connections=50"], 6000),
        (["bash", "/etc/replica.sh"], 5432),
    ],
)
def test_it_listens_on_the_port_that_the_command_names(command: list[str], port: int) -> None:
    asked: list[int] = []

    def loopback(number: int) -> int:
        asked.append(number)
        return 20000

    server = Server("x", "1", {"postgres": Path("/x/postgres"), "psql": Path("/x/psql")})
    launch = postgres.Postgres().launch(server, command, loopback)
    assert launch.argv == ("docker-entrypoint.sh", *command)
    assert asked == [port]
    assert "-c port=20000" in launch.programs["postgres"].script()
    assert launch.environment["PGPORT"] == "20000"


def test_the_same_file_runs_under_docker(docker_pair: DockerSystem) -> None:
    fill(docker_pair, 100)
    wait_for(lambda: holds(docker_pair, REPLICA, 100))
    do(docker_pair, REPLICA, "SELECT pg_wal_replay_pause()")
    docker_pair.kill(PRIMARY)
    wait_for(lambda: holds(docker_pair, PRIMARY, 100))
    do(docker_pair, PRIMARY, "INSERT INTO t VALUES (0)")
    assert holds(docker_pair, REPLICA, 100)
    do(docker_pair, REPLICA, "SELECT pg_wal_replay_resume()")
    wait_for(lambda: holds(docker_pair, REPLICA, 101))
    docker_pair.down()
    docker_pair.up()
    wait_for(lambda: holds(docker_pair, REPLICA, 101))
