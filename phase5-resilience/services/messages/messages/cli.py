"""`python -m messages.cli`: moving the data of messages."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from chassis.console import UNHURRIED, Console
from chassis.database import Database
from chassis.messaging.outbox import waiting
from messages.archive import sections
from messages.catalogue import outbox
from messages.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    settings = Settings(**UNHURRIED)
    return CONSOLE.run(Database(settings, outbox=outbox(settings)), arguments)


def _more(commands: Any) -> None:
    command = commands.add_parser("events", help="print how far events have come, as JSON")
    command.set_defaults(run=_events)


def _events(database: Database, _given: argparse.Namespace) -> None:
    with database.read(one_moment=True) as connection:
        stored = CONSOLE.counts(connection)["message"]
        print(json.dumps({"stored": stored, "waiting": waiting(connection)}))


CONSOLE = Console("messages", sections, _more)

if __name__ == "__main__":
    sys.exit(main())
