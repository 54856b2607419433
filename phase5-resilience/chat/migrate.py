"""`python -m chat.migrate`: brings the monolith's tables to what this version of it needs."""

import sys
from pathlib import Path

import chat.archive  # noqa: F401 - knows every domain's tables
from chassis import migrate
from chat.settings import Settings


def main() -> int:
    """Migrate; return the exit code."""
    settings = Settings(**migrate.PATIENCE)
    return migrate.run(settings, settings.log_level, Path(__file__).parents[1] / "alembic.ini")


if __name__ == "__main__":
    sys.exit(main())
