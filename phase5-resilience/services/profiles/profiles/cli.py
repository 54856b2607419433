"""`python -m profiles.cli`: moving the data of profiles."""

import sys
from collections.abc import Sequence

import chassis.messaging.inbox  # noqa: F401 - what is emptied, too
from chassis.console import UNHURRIED, Console
from chassis.database import Database
from profiles.archive import sections
from profiles.catalogue import outbox
from profiles.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    settings = Settings(**UNHURRIED)
    return CONSOLE.run(Database(settings, outbox=outbox(settings)), arguments)


CONSOLE = Console("profiles", sections, lambda _commands: None)

if __name__ == "__main__":
    sys.exit(main())
