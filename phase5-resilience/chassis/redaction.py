"""What must not get into a log: what people write, and what lets somebody in."""

import traceback
from collections.abc import MutableMapping
from typing import Any

import psycopg
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

_SECRETS = {"password", "password_hash", "token", "access_token", "refresh_token", "ticket"}
_SENT = {"headers", "authorization", "cookie", "environ", "query", "query_string", "data"}
FORBIDDEN = _SECRETS | _SENT | {"body", "text", "name", "display_name", "bio", "username"}
"""Fields whose values are never written, whoever logs them."""

SPEAK_OF_THE_MACHINE = (OSError, psycopg.OperationalError, RedisError)
"""Errors whose message is written too; that of any other may quote what somebody has sent."""

Fields = MutableMapping[str, Any]


def mask(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Replace forbidden values; a processor for structlog."""
    for name in FORBIDDEN & fields.keys():
        fields[name] = "[masked]"
    return fields


def describe_exception(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Replace `exc_info` by what may be said of it and its causes; a processor for structlog."""
    given = fields.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    told: list[dict[str, Any]] = []
    while isinstance(error, BaseException) and len(told) < 5:
        trace = traceback.extract_tb(error.__traceback__)[-30:]
        frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in trace]
        kind, message = type(error).__qualname__, safe_message(error)
        told.append({"type": kind, "message": message, "frames": frames})
        error = error.__cause__ or error.__context__
    if told:
        fields["exception"] = told
    return fields


def safe_message(error: BaseException) -> str:
    """Return an exception's message, or "" if it may quote somebody."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return safe_message(error.orig)  # SQLAlchemy's own has the statement in it
    return str(error)[:500] if isinstance(error, SPEAK_OF_THE_MACHINE) else ""
