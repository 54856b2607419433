"""The command of a service: moving its data, the read-only switch, and what it adds.

Works beside the running server, on the same database, and also when there is none.
"""

import argparse
import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from sqlalchemy import Connection

from chassis import logs, transfer
from chassis.archive import Refused
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.mode import Mode, mode_of, set_mode
from chassis.progress import ProgressLine
from chassis.transfer import NotPossible, Sections

FAILED = 1
INTERRUPTED = 130


Run = Callable[[Database, argparse.Namespace], None]

UNHURRIED: dict[str, Any] = {"replica_url": None, "database_timeout": 5, "database_patience": 0}
"""What the settings are made with: an archive may come through a pipe, slowly."""


@dataclass(frozen=True)
class Console:
    """`python -m NAME.cli`: what every service can do, and `more` of its own.

    `sections` are the service's part of an archive.
    """

    name: str
    sections: Sections
    more: Callable[[Any], None]
    """Adds commands; is given what `add_subparsers` returns."""

    def run(self, database: Database, arguments: Sequence[str] | None = None) -> int:
        """Run one command; return the exit code: 0, 1 if it failed (2 is argparse's own)."""
        given = self._parser().parse_args(arguments)
        signal.signal(signal.SIGTERM, _end)
        os.umask(0o077)
        logs.set_up("INFO", sys.stderr)  # on standard output there may be an archive
        try:
            given.run(database, given)
        except Refused as error:
            return _fail(f"refused, and nothing of it was kept: {error}")
        except (Unavailable, NotPossible, OSError) as error:
            return _fail(str(error))
        except KeyboardInterrupt:
            _say("stopped")
            return INTERRUPTED
        finally:
            database.close()
        return 0

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many records of each type the service holds."""
        found = self.sections(connection)
        return {name: n for section in found for name, n in section.counts(connection).items()}

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"python -m {self.name}.cli", description=__doc__)
        parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
        commands = parser.add_subparsers(required=True, metavar="COMMAND")

        command = commands.add_parser("export", help="write everything into an archive")
        command.add_argument("file", nargs="?", default="-", help="- is standard output")
        command.set_defaults(run=self._export)

        command = commands.add_parser("import", help="fill an empty system from an archive")
        command.add_argument("file", nargs="?", default="-", help="- is standard input")
        command.add_argument("--replace", action="store_true", help="instead of what is there now")
        command.set_defaults(run=self._import)

        command = commands.add_parser("empty", help="delete everything")
        command.add_argument("--yes", action="store_true", required=True, help="yes, everything")
        command.set_defaults(run=_empty)

        command = commands.add_parser("read-only", help="refuse writes, until switched off again")
        command.add_argument("switch", choices=["on", "off"])
        command.set_defaults(run=_read_only)

        command = commands.add_parser("state", help="print mode and number of records, as JSON")
        command.set_defaults(run=self._state)
        self.more(commands)
        return parser

    def _export(self, database: Database, given: argparse.Namespace) -> None:
        with database.read() as connection:
            total = sum(self.counts(connection).values())
        with _private_file(given.file) as file, ProgressLine("exporting", total) as progress:
            written = transfer.export_archive(database, self.sections, file, progress)
        tell(given, f"exported {_in_words(written)}")
        tell(given, "an archive may hold password and token hashes: guard it like the database")

    def _import(self, database: Database, given: argparse.Namespace) -> None:
        with _readable_file(given.file) as file, ProgressLine("importing", _size(file)) as progress:
            read = transfer.import_archive(
                database, self.sections, file, progress, replace=given.replace
            )
        tell(given, f"imported {_in_words(read)}")

    def _state(self, database: Database, _given: argparse.Namespace) -> None:
        with database.read(one_moment=True) as connection:
            state: dict[str, Any] = {
                "mode": mode_of(connection),
                "empty": transfer.is_empty(connection),
                "counts": self.counts(connection),
                "types": [name for one in self.sections(connection) for name in one.types],
            }
        print(json.dumps(state))


def _empty(database: Database, given: argparse.Namespace) -> None:
    transfer.empty(database)
    tell(given, "emptied; who was connected finds out when the server restarts")


def _read_only(database: Database, given: argparse.Namespace) -> None:
    wanted = Mode.READ_ONLY if given.switch == "on" else Mode.OPEN
    with database.write_in_any_mode() as connection:
        if mode_of(connection) is Mode.IMPORTING:
            raise NotPossible("An import is under way, or was killed; import again or restart.")
        set_mode(connection, wanted)
    tell(given, "every write is refused" if wanted is Mode.READ_ONLY else "writes are taken again")


@contextmanager
def _private_file(name: str) -> Iterator[BinaryIO]:
    """Open a file that only its owner may read; it gets its name when it is complete."""
    if name == "-":
        yield sys.stdout.buffer
        return
    path = Path(name).resolve()
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no ordinary file; - is standard output")
    partial = path.with_name(f"{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def _readable_file(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _size(file: BinaryIO) -> int | None:
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _in_words(numbers: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{n:,} {name}{'' if n == 1 else 's'}" for name, n in numbers.items())
        or "nothing"
    )


def _end(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def tell(given: argparse.Namespace, text: str) -> None:
    """Say what was done, unless that is not wanted."""
    if not given.quiet:
        _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _fail(text: str) -> int:
    _say(f"error: {text}")
    return FAILED
