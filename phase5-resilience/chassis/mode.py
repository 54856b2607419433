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

_LOCK = 5_021_700_001
"""The advisory lock that every write shares, and that who switches has alone."""

_MODE = "SELECT mode FROM system_mode"
_ENTER = f"BEGIN; SELECT pg_try_advisory_xact_lock_shared({_LOCK}); {_MODE}"
_WAIT = f"SELECT pg_advisory_xact_lock_shared({_LOCK}); {_MODE}"

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
    return _mode_in(raw.execute(_MODE))


def enter(raw: Any) -> Mode:
    """Begin a transaction among others; return the mode, which stays what it is until it ends.

    In one message. Each statement in it sees what was committed when its own turn came: in one
    statement, the mode would be read as it was before the wait for the lock.
    """
    cursor = raw.execute(_ENTER)
    cursor.nextset()
    (is_locked,) = cursor.fetchone()
    cursor.nextset()
    mode = _mode_in(cursor)
    if not is_locked and mode is Mode.OPEN:  # somebody is about to switch
        cursor = raw.execute(_WAIT)
        cursor.nextset()
        mode = _mode_in(cursor)
    return mode


def lock(raw: Any) -> None:
    """Begin a transaction that no other one runs beside; it may change the mode."""
    raw.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})")


def _mode_in(cursor: Any) -> Mode:
    found = cursor.fetchone()
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
