"""Whether the system takes writes.

The answer lies in the database: it is persistent, and every writing transaction sees it, so that a
write either comes before the switch or is refused.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    update,
)

from chassis.errors import NotReady, ReadOnly

# Apart from the domains' tables: the mode is no part of what is emptied, exported and imported.
metadata = MetaData()
_mode = Table(
    "system_mode",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    Column("mode", String, nullable=False),
)

READ_ONLY_FOR = 5
"""Seconds after which it makes sense to ask again; nobody knows better."""


class Mode(StrEnum):
    """What the system does with writes."""

    OPEN = "open"
    READ_ONLY = "read-only"
    IMPORTING = "importing"
    """An import is under way, or one was killed; then the next start or import ends this."""


def mode_of(connection: Connection) -> Mode:
    """Return the present mode.

    Straight from the driver: every write asks, and SQLAlchemy would cost more than the statement.
    """
    raw: Any = connection.connection.dbapi_connection
    found = raw.execute("SELECT mode FROM system_mode").fetchone()
    return Mode(found[0]) if found else Mode.OPEN


def set_mode(connection: Connection, mode: Mode) -> None:
    """Change the mode in the caller's transaction."""
    if not connection.execute(update(_mode).values(mode=mode)).rowcount:
        connection.execute(insert(_mode).values(id=1, mode=mode))


def require_open(mode: Mode) -> None:
    """Raise `ReadOnly` or `NotReady` unless writes are taken."""
    if mode is Mode.READ_ONLY:
        raise ReadOnly("The system is read-only for the moment.", READ_ONLY_FOR)
    if mode is Mode.IMPORTING:
        raise NotReady("Data is being imported.", READ_ONLY_FOR)
