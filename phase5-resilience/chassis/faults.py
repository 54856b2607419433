"""What PostgreSQL refuses, in words that callers can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.errors import Away, Busy, StorageFull, Unavailable
from chassis.redaction import safe_message

log = structlog.get_logger()

ROOM_IN = 5
"""Seconds after which it makes sense to ask whether there is room again."""

FAULTS = (DBAPIError, psycopg.Error)
"""What SQLAlchemy raises, and what the driver does."""

_FULL = "53100"
_AWAY = ("08", "57P")
_WORDS = {
    "25006": "The database takes no writes for the moment.",
    "25P03": "The database was kept waiting for too long.",
    "40": "Two writes were in each other's way.",  # a deadlock
    "53": "The database has no room for more people at once.",
    "55P03": "Another write is taking too long.",
    "57014": "The database is taking too long.",
}
"""By SQLSTATE, or what it begins with."""


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what passes by itself into `Unavailable`; a mistake of ours stays what it is."""
    try:
        yield
    except PoolTimeoutError as error:
        raise Busy("All database connections are in use.") from error
    except FAULTS as error:
        unavailable = _unavailable(error)
        if unavailable is None:
            raise
        raise unavailable from error


def is_lost(error: Exception) -> bool:
    """Return whether there is no server at the other end any more, or not yet."""
    cause = _cause(error)
    if not isinstance(cause, psycopg.OperationalError):
        return False
    # What the server itself says of a statement has an SQLSTATE.
    return cause.sqlstate is None or cause.sqlstate.startswith(_AWAY)


def _unavailable(error: Exception) -> Unavailable | None:
    if is_lost(error):
        log.warning("database.away", reason=safe_message(error))
        return Away("The database does not answer.")
    state = getattr(_cause(error), "sqlstate", None) or ""
    if state == _FULL:
        log.error("disk.full", reason=safe_message(error))
        return StorageFull("There is no room left for data.", ROOM_IN)
    found = (words for kind, words in _WORDS.items() if state.startswith(kind))
    return next(map(Busy, found), None)


def _cause(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
