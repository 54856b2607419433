"""What PostgreSQL refuses, in words that callers can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.errors import Busy, StorageFull, Unavailable
from chassis.redaction import safe_message

log = structlog.get_logger()

ROOM_IN = 5
"""Seconds after which it makes sense to ask whether there is room again."""

Fault = DBAPIError | psycopg.Error
FAULTS = (DBAPIError, psycopg.Error)

_FULL = "53100"
_WORDS = {
    "25006": "The database takes no writes for the moment.",
    "25P": "The database was kept waiting for too long.",
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
        unavailable = _unavailable(original(error))
        if unavailable is None:
            raise
        raise unavailable from error


def original(error: Fault) -> BaseException | None:
    """Return what the driver said, which SQLAlchemy wraps."""
    return error.orig if isinstance(error, DBAPIError) else error


def is_lost(error: BaseException | None) -> bool:
    """Return whether there is no server at the other end any more, or not yet.

    What the server itself says of a statement has an SQLSTATE; of class 57P when it stops.
    """
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _unavailable(error: BaseException | None) -> Unavailable | None:
    if not isinstance(error, psycopg.Error):
        return None
    if error.sqlstate == _FULL:
        log.error("disk.full", reason=safe_message(error))
        return StorageFull("There is no room left for data.", ROOM_IN)
    if is_lost(error):
        log.warning("database.away", reason=safe_message(error))
        return Busy("The database does not answer.")
    return next(
        (Busy(words) for kind, words in _WORDS.items() if (error.sqlstate or "").startswith(kind)),
        None,
    )
