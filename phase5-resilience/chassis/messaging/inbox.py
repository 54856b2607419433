"""The inbox: which events a consumer has dealt with, stored with what it has done about them."""

import uuid

from sqlalchemy import Connection, Select, delete, literal, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import now_ms
from chassis.database import Base, insert_if_new

KEEP_MS = 7 * 24 * 3600 * 1000
"""A message may come again as long as a queue may hold it; no broker is left off for longer."""


class InboxRow(Base):
    """An event that a consumer has dealt with."""

    __tablename__ = "inbox"
    __table_args__ = ({"info": {"is_data": False}},)

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)


def is_new(connection: Connection, consumer: str, event_id: str) -> bool:
    """Note an event in the caller's transaction; return False if it has been dealt with before.

    Two at once: the second waits here for the first to commit or to give up.
    """
    noted = insert_if_new(InboxRow, "consumer", "event_id").values(
        consumer=consumer, event_id=event_id
    )
    return bool(connection.execute(noted).rowcount)


def note(connection: Connection, consumer: str, event_ids: Select[str]) -> None:
    """Note events that were dealt with in another way; what is old is not, as `prune` has it."""
    (event_id,) = event_ids.subquery().c
    recent = select(literal(consumer), event_id).where(event_id >= _oldest())
    noted = insert_if_new(InboxRow, "consumer", "event_id")
    connection.execute(noted.from_select(["consumer", "event_id"], recent))


def prune(connection: Connection, consumer: str) -> int:
    """Forget what is old, by the time in the ids (UUIDv7); return how many."""
    old = delete(InboxRow).where(InboxRow.consumer == consumer, InboxRow.event_id < _oldest())
    return connection.execute(old).rowcount


def _oldest() -> str:
    return str(uuid.UUID(int=(now_ms() - KEEP_MS) << 80))
