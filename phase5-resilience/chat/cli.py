"""`python -m chat.cli`: moving the data of the monolith, and looking at what happened."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chassis.console import UNHURRIED, Console, tell
from chassis.database import Database
from chassis.messaging.outbox import waiting
from chat.activity.rebuilding import rebuild
from chat.activity.service import newest, told
from chat.archive import sections
from chat.catalogue import outbox
from chat.settings import Settings
from events.topology import ACTIVITY

if TYPE_CHECKING:
    from chat.timelines import Timelines


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

    command = commands.add_parser("lists", help="make what lists show anew from the timelines")
    command.add_argument("what", choices=["rebuild"])
    command.set_defaults(run=_rebuild_lists)

    command = commands.add_parser("events", help="print how far events have come, as JSON")
    command.set_defaults(run=_events)


def _activity(database: Database, given: argparse.Namespace) -> None:
    with database.read() as connection:
        for entry in newest(connection, given.limit):
            print(json.dumps(entry))


def _rebuild_activity(database: Database, given: argparse.Namespace) -> None:
    with database.write() as work:
        messages = rebuild(work, ACTIVITY, _timelines().creations())
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


def _rebuild_lists(database: Database, given: argparse.Namespace) -> None:
    from chat.conversations.rebuilding import rebuild as rebuild_lists  # noqa: PLC0415 - as above

    mended, looked = rebuild_lists(database, _timelines())
    tell(given, f"{mended:,} of {looked:,} conversations were not as their timelines are")


def _timelines() -> "Timelines":
    from chat.accounts import calls_to_messages  # noqa: PLC0415 - as above
    from chat.timelines import Timelines  # noqa: PLC0415

    settings = Settings()
    secret = settings.client_secret_file
    return Timelines(calls_to_messages(settings.messages_url, settings.auth_url, secret))


def _events(database: Database, _given: argparse.Namespace) -> None:
    with database.read(one_moment=True) as connection:
        print(json.dumps({"waiting": waiting(connection), **told(connection)}))


CONSOLE = Console("chat", sections, _more)

if __name__ == "__main__":
    sys.exit(main())
