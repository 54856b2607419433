"""Going through much in small pages, each read by itself."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection

from chassis.database import Database
from chat.conversations import of_person as conversations
from chat.messages.of_person import wrote_in

PAGE, CONVERSATIONS = 200, 500
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


def conversations_of(database: Database, user_id: str) -> Iterator[tuple[str, float]]:
    """Yield where a person has sent or reacted, and which part of the way has been gone by then."""
    with database.read() as connection:
        total = conversations.count(connection)
    seen = 0
    for ids in pages(database, conversations.ids_after, "", str, CONVERSATIONS):
        with database.read() as connection:
            found = wrote_in(connection, user_id, ids)
        for place, conversation_id in enumerate(found):
            yield conversation_id, (seen + len(ids) * place / len(found)) / max(total, seen + 1)
        seen += len(ids)
