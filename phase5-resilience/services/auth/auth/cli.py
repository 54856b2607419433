"""`python -m auth.cli`: moving the data of auth, its keys, and who may do what."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from auth import roles
from auth.archive import sections
from auth.catalogue import outbox
from auth.keys import Keys
from auth.settings import Settings
from chassis.console import UNHURRIED, Console, tell
from chassis.database import Database
from chassis.transfer import NotPossible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    settings = Settings(**UNHURRIED)
    return CONSOLE.run(Database(settings, outbox=outbox(settings)), arguments)


def _more(commands: Any) -> None:
    command = commands.add_parser("rotate-keys", help="sign tokens with a new key")
    command.add_argument("--forget", action="store_true", help="refuse what the old ones signed")
    command.set_defaults(run=_rotate_keys)

    command = commands.add_parser("role", help="say what somebody may do")
    command.add_argument("username")
    command.add_argument("role", choices=roles.ROLES)
    command.set_defaults(run=_role)


def _rotate_keys(database: Database, given: argparse.Namespace) -> None:
    keys = Keys(database, **Settings().signing())
    keys.rotate(forget=given.forget)
    rest = "refused; clients refresh" if given.forget else "good until they expire"
    tell(given, f"a new key is published, and signs in a moment; the tokens before it are {rest}")


def _role(database: Database, given: argparse.Namespace) -> None:
    with database.write() as work:
        if not roles.give(work, given.role, username=given.username):
            raise NotPossible(f"Nobody is called {given.username}.")
    tell(given, f"{given.username} is {given.role}, from the next access token on")


CONSOLE = Console("auth", sections, _more)

if __name__ == "__main__":
    sys.exit(main())
