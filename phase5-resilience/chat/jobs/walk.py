"""Going through much in small pages, each read by itself."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection

from chassis.database import Database

PAGE = 200
"""Rows that are read at a time."""


def pages(
    database: Database,
    read: Callable[[Connection, Any, int], list[Any]],
    after: Any,
    key: Callable[[Any], Any],
    limit: int = PAGE,
) -> Iterator[list[Any]]:
    """Yield pages of what comes after a key."""
    is_more = True
    while is_more:
        with database.read() as connection:
            found = read(connection, after, limit)
        if found:
            yield found
            after = key(found[-1])
        is_more = len(found) == limit
