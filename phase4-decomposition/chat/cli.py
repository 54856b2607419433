"""`python -m chat.cli`: moving the data of this system, and the read-only switch.

Works beside the running server, on the same database, and also when there is no server.
"""

import argparse
import json
import os
import signal
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from chassis import logs, transfer
from chassis.archive import Refused
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.messaging.outbox import waiting
from chassis.mode import Mode, mode_of, set_mode
from chassis.progress import ProgressLine
from chassis.transfer import NotPossible
from chat.activity.service import newest, told
from chat.archive import counts, sections
from chat.auth import roles
from chat.auth.keys import Keys
from chat.catalogue import outbox
from chat.settings import Settings

FAILED = 1
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0, 1 if it failed (2 is argparse's own)."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    os.umask(0o077)
    # An archive may come through a pipe, slowly: no transaction here stands still for too long.
    settings = Settings(replica_url=None, database_timeout=5, database_patience=0)
    logs.set_up(settings.log_level, sys.stderr)  # on standard output there may be an archive
    database = Database(settings, outbox=outbox(settings))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chat.cli", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("export", help="write everything into an archive")
    command.add_argument("file", nargs="?", default="-", help="- is standard output, the default")
    command.set_defaults(run=_export)

    command = commands.add_parser("import", help="fill an empty system from an archive")
    command.add_argument("file", nargs="?", default="-", help="- is standard input, the default")
    command.add_argument("--replace", action="store_true", help="instead of what is there now")
    command.set_defaults(run=_import)

    command = commands.add_parser("empty", help="delete everything")
    command.add_argument("--yes", action="store_true", required=True, help="yes, everything")
    command.set_defaults(run=_empty)

    command = commands.add_parser("read-only", help="refuse writes, until switched off again")
    command.add_argument("switch", choices=["on", "off"])
    command.set_defaults(run=_read_only)

    command = commands.add_parser("rotate-keys", help="sign access tokens with a new key")
    command.add_argument("--forget", action="store_true", help="refuse what the old ones signed")
    command.set_defaults(run=_rotate_keys)

    command = commands.add_parser("role", help="say what somebody may do")
    command.add_argument("username")
    command.add_argument("role", choices=roles.ROLES)
    command.set_defaults(run=_role)

    command = commands.add_parser("activity", help="print what happened last, as JSON lines")
    command.add_argument("--limit", type=int, default=20)
    command.set_defaults(run=_activity)

    command = commands.add_parser("events", help="print how far events have come, as JSON")
    command.set_defaults(run=_events)

    command = commands.add_parser("state", help="print mode and number of records, as JSON")
    command.set_defaults(run=_state)
    return parser


def _export(database: Database, given: argparse.Namespace) -> None:
    with database.read() as connection:
        total = sum(counts(connection).values())
    with _private_file(given.file) as file, ProgressLine("exporting", total) as progress:
        written = transfer.export_archive(database, sections, file, progress)
    _tell(given, f"exported {_in_words(written)}")
    _tell(given, "the archive holds password and token hashes: guard it like the database")


def _import(database: Database, given: argparse.Namespace) -> None:
    with _readable_file(given.file) as file, ProgressLine("importing", _size(file)) as progress:
        read = transfer.import_archive(database, sections, file, progress, replace=given.replace)
    _tell(given, f"imported {_in_words(read)}")


def _empty(database: Database, given: argparse.Namespace) -> None:
    transfer.empty(database)
    _tell(given, "emptied; who was connected finds out when the server restarts")


def _read_only(database: Database, given: argparse.Namespace) -> None:
    wanted = Mode.READ_ONLY if given.switch == "on" else Mode.OPEN
    with database.write_in_any_mode() as connection:
        if mode_of(connection) is Mode.IMPORTING:
            raise NotPossible("An import is under way, or was killed; import again or restart.")
        set_mode(connection, wanted)
    _tell(given, "every write is refused" if wanted is Mode.READ_ONLY else "writes are taken again")


def _rotate_keys(database: Database, given: argparse.Namespace) -> None:
    keys = Keys(database, **Settings().signing())
    keys.rotate(forget=given.forget)
    rest = "refused; clients refresh" if given.forget else "good until they expire"
    _tell(given, f"a new key is published, and signs in a moment; the tokens before it are {rest}")


def _role(database: Database, given: argparse.Namespace) -> None:
    with database.write() as work:
        if not roles.give(work, given.role, username=given.username):
            raise NotPossible(f"Nobody is called {given.username}.")
    _tell(given, f"{given.username} is {given.role}, from the next access token on")


def _activity(database: Database, given: argparse.Namespace) -> None:
    with database.read() as connection:
        for entry in newest(connection, given.limit):
            print(json.dumps(entry))


def _events(database: Database, _given: argparse.Namespace) -> None:
    with database.read(one_moment=True) as connection:
        stored = counts(connection)["message"]
        print(json.dumps({"stored": stored, "waiting": waiting(connection), **told(connection)}))


def _state(database: Database, _given: argparse.Namespace) -> None:
    with database.read(one_moment=True) as connection:
        state: dict[str, Any] = {
            "mode": mode_of(connection),
            "empty": transfer.is_empty(connection),
            "counts": counts(connection),
        }
    print(json.dumps(state))


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


def _tell(given: argparse.Namespace, text: str) -> None:
    if not given.quiet:
        _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _fail(text: str) -> int:
    _say(f"error: {text}")
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
