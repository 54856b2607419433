"""`python -m messages.migrate`: brings the tables of messages to what this version of it needs."""

import sys
from pathlib import Path

import messages.archive  # noqa: F401 - knows its tables
from chassis import migrate
from messages.settings import Settings


def main() -> int:
    """Migrate; return the exit code."""
    settings = Settings(**migrate.PATIENCE)
    return migrate.run(settings, settings.log_level, Path(__file__).parents[1] / "alembic.ini")


if __name__ == "__main__":
    sys.exit(main())
