"""Making the copy anew that lists are made of, beside the running system."""

from sqlalchemy import Connection, select

from chassis.database import Database
from chassis.limits import BATCH_MAX
from chat.conversations.lists import copy
from chat.conversations.models import ConversationRow
from chat.conversations.neighbours import Timelines

_SHOWN = (
    ConversationRow.id,
    ConversationRow.rev,
    ConversationRow.last_seq,
    ConversationRow.last_message,
)


def rebuild(database: Database, timelines: Timelines) -> tuple[int, int]:
    """Ask for every timeline; return how many were copied wrongly, and of how many.

    Each page is a transaction. Whatever an event brings meanwhile stays: it has a later rev.
    """
    mended, looked, after = 0, 0, ""
    while ids := _ids_after(database, after):
        standings = timelines.standings(ids)
        with database.write() as work:
            before = _shown(work.connection, ids)
            for one in standings:
                copy(work.connection, one)
            mended += len(before - _shown(work.connection, ids))
        looked, after = looked + len(ids), ids[-1]
    return mended, looked


def _ids_after(database: Database, after: str) -> list[str]:
    ids = select(ConversationRow.id).where(ConversationRow.id > after)
    with database.read() as connection:
        return list(connection.scalars(ids.order_by(ConversationRow.id).limit(BATCH_MAX)))


def _shown(connection: Connection, ids: list[str]) -> set[tuple[object, ...]]:
    rows = connection.execute(select(*_SHOWN).where(ConversationRow.id.in_(ids)))
    return {tuple(row) for row in rows}
