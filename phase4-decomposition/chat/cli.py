"""`python -m chat.cli`: moving the data of the monolith, and looking at what happened."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from chassis.console import UNHURRIED, Console, tell
from chassis.database import Database
from chassis.messaging.outbox import waiting
from chat.activity.rebuilding import rebuild
from chat.activity.service import newest, told
from chat.archive import sections
from chat.catalogue import outbox
from chat.settings import Settings
from events.topology import ACTIVITY


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    settings = Settings(**UNHURRIED)
    return CONSOLE.run(Database(settings, outbox=outbox(settings)), arguments)


def _more(commands: Any) -> None:
    command = commands.add_parser("activity", help="print what happened last, as JSON lines")
    command.add_argument("--limit", type=int, default=20)
    command.set_defaults(run=_activity)

    command = commands.add_parser("rebuild-activity", help="make it anew from the messages")
    command.set_defaults(run=_rebuild_activity)

    command = commands.add_parser("people", help="what is known of them, and what the profiles say")
    command.add_argument("what", choices=["check", "rebuild"])
    command.set_defaults(run=_people)

    command = commands.add_parser("events", help="print how far events have come, as JSON")
    command.set_defaults(run=_events)


def _activity(database: Database, given: argparse.Namespace) -> None:
    with database.read() as connection:
        for entry in newest(connection, given.limit):
            print(json.dumps(entry))


def _rebuild_activity(database: Database, given: argparse.Namespace) -> None:
    with database.write() as work:
        messages = rebuild(work, ACTIVITY)
    tell(given, f"the feed tells of {messages:,} messages")


def _people(database: Database, given: argparse.Namespace) -> None:
    # Here: what asks other services loads a web framework, which moving data can do without.
    from chat.people import reconciling  # noqa: PLC0415 - see above
    from chat.profiles import Profiles, calls_to_profiles  # noqa: PLC0415

    settings = Settings()
    calls = calls_to_profiles(settings.profiles_url, settings.auth_url, settings.client_secret_file)
    if given.what == "check":
        print(json.dumps(reconciling.check(database, Profiles(calls))))
    else:
        tell(given, f"{reconciling.rebuild(database, Profiles(calls)):,} people are known")


def _events(database: Database, _given: argparse.Namespace) -> None:
    with database.read(one_moment=True) as connection:
        stored = CONSOLE.counts(connection)["message"]
        print(json.dumps({"stored": stored, "waiting": waiting(connection), **told(connection)}))


CONSOLE = Console("chat", sections, _more)

if __name__ == "__main__":
    sys.exit(main())
