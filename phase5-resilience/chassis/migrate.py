"""Bringing a database's tables to what this version of the code needs.

Any number may be started, at any time: one works, the others wait for it and find nothing to do.
"""

from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from chassis import logs, mode
from chassis.database import Base
from chassis.engine import connect_args
from chassis.messaging import outbox
from chassis.redaction import safe_message
from chassis.settings import DatabaseSettings

TABLES = (Base.metadata, mode.metadata, outbox.metadata)

LOCK_TIMEOUT, STATEMENT_TIMEOUT = 5, 600
"""Seconds. A change of a table waits for who uses it, and all others then wait for the change."""
_LOCK = 5_021_700_002

log = structlog.get_logger()


PATIENCE: dict[str, Any] = {
    "database_timeout": LOCK_TIMEOUT,
    "database_patience": STATEMENT_TIMEOUT,
}
"""What the settings are made with."""


def run(settings: DatabaseSettings, log_level: str, alembic: Path) -> int:
    """Migrate as the file `alembic` says; return the exit code."""
    logs.set_up(log_level)
    address, options = settings.address(settings.database_url), connect_args(settings)
    try:
        migrate(create_engine(address, poolclass=NullPool, connect_args=options), alembic)
    except OperationalError as error:
        log.error("not.migrated", reason=safe_message(error))  # noqa: TRY400 - the line says it all
        return 1
    return 0


def migrate(engine: Engine, alembic: Path) -> None:
    """Run what is missing, alone."""
    with engine.connect() as guard, engine.connect() as connection:
        # Whoever comes second may wait long for the first, hence no time-out. The lock is the
        # session's: each migration commits by itself, and what has been done is kept.
        guard.exec_driver_sql(f"SET lock_timeout = 0; SELECT pg_advisory_lock({_LOCK})")
        guard.commit()
        config = Config(alembic)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
