"""What must not get into a log: what people write, and what lets somebody in."""

import sqlite3
import traceback
from collections.abc import MutableMapping
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

FORBIDDEN = frozenset(
    [
        "password",
        "password_hash",
        "token",
        "access_token",
        "refresh_token",
        "ticket",
        "authorization",
        "cookie",
        "body",
        "text",
        "display_name",
        "bio",
        "name",
        "username",
        "query",
        "query_string",
        "headers",
        "environ",
        "data",
    ]
)
"""Names of fields whose values are never written, whoever logs them."""

FRAMES_MAX = 30
SPEAK_OF_THE_MACHINE = (OSError, sqlite3.Error, RedisError)
"""Errors whose message is written too; any other may quote what somebody has sent."""

Fields = MutableMapping[str, Any]


def mask(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Replace forbidden values; a processor for structlog."""
    for name in FORBIDDEN & fields.keys():
        fields[name] = "[masked]"
    return fields


def describe_exception(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Replace `exc_info` by what can be said of an exception; a processor for structlog."""
    error = fields.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        fields["exception"] = _chain(error)
    return fields


def _chain(error: BaseException) -> list[dict[str, Any]]:
    """Return an exception and those it came from: type, frames, and the message if it is safe."""
    told: list[dict[str, Any]] = []
    seen: BaseException | None = error
    while seen is not None and len(told) < 5:
        frames = traceback.extract_tb(seen.__traceback__)[-FRAMES_MAX:]
        one: dict[str, Any] = {
            "type": f"{type(seen).__module__}.{type(seen).__qualname__}",
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        message = safe_message(seen)
        if message:
            one["message"] = message
        told.append(one)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return told


def safe_message(error: BaseException) -> str:
    """Return an exception's message unless it may quote somebody; then "" is all there is."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return safe_message(error.orig)  # without the statement, and its parameters
    return str(error)[:500] if isinstance(error, SPEAK_OF_THE_MACHINE) else ""
