"""The transactional outbox: what is announced is stored with the change that it tells of.

Lanes keep the order. All events of one conversation are in one lane, and its changes wait for each
other at the conversation's row, so that the order of ids is the order of commits. A lane has one
relay at a time.
"""

import time
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Identity,
    Index,
    MetaData,
    Table,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import now_ms
from chassis.database import Base
from chassis.errors import StorageFull
from chassis.events import Announcement
from chassis.messaging.cloudevents import cloud_event
from chassis.messaging.schemas import Upcasts, newest

# Apart from what is emptied, exported and imported, as the mode is.
metadata = MetaData()
Table("outbox_lanes", metadata, Column("lane", BigInteger, primary_key=True))

LANES = 8
LOOK_EVERY = 1.0
"""Seconds between two looks at how much waits."""

_INSERT = """
    INSERT INTO outbox (lane, topic, event, created_at)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) RETURNING id
"""
_OLDEST = """
    SELECT min((SELECT min(id) FROM outbox WHERE lane = one.lane AND published_at IS NULL))
    FROM outbox_lanes AS one
"""


class OutboxRow(Base):
    """An event, from the transaction that it belongs to until a while after it was published."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "lane", "id", postgresql_where="published_at IS NULL"),
        {"info": {"is_data": False}},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    lane: Mapped[int]
    topic: Mapped[str]
    event: Mapped[str]
    created_at: Mapped[int]
    published_at: Mapped[int | None]


class Outbox:
    """Writes events down. `topics` has the topic of each type; a type without one is a mistake.

    `upcasts` are those to versions that may be written: all readers know them.
    """

    def __init__(
        self,
        topics: Mapping[str, str],
        at_most: int,
        upcasts: Upcasts = MappingProxyType({}),
    ) -> None:
        self._upcasts = upcasts
        self._topics = topics
        self._at_most = at_most
        self._looked = 0.0

    def record(self, connection: Connection, announcements: Sequence[Announcement]) -> bool:
        """Store events in the caller's transaction; return whether there were any.

        Errors: `StorageFull` when the broker has been away for so long that too many wait.
        """
        if not announcements:
            return False
        events = [one.event for one in announcements]
        lanes = [lane_of(one["conversation_id"] or one["id"]) for one in events]
        topics = [self._topics[one["type"]] for one in events]
        written = [
            orjson.dumps(newest(cloud_event(*one), self._upcasts)).decode()
            for one in zip(announcements, topics, strict=True)
        ]
        raw: Any = connection.connection.dbapi_connection
        stored = raw.execute(_INSERT, (lanes, topics, written, [now_ms()] * len(events)))
        self._require_room(raw, stored.fetchone()[0])
        return True

    def _require_room(self, raw: Any, newest: int) -> None:
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        (oldest,) = raw.execute(_OLDEST).fetchone()
        if newest - oldest >= self._at_most:
            raise StorageFull("Too much waits for the broker.", 5)
        self._looked = time.monotonic()


def waiting(connection: Connection) -> int:
    """Return how many events are still to be published."""
    rows = select(func.count()).where(OutboxRow.published_at.is_(None))
    return connection.scalar(rows) or 0


def oldest(connection: Connection) -> float:
    """Return for how many seconds the oldest of them has waited; 0 if none does."""
    made = select(func.min(OutboxRow.created_at)).where(OutboxRow.published_at.is_(None))
    since = connection.scalar(made)
    return 0.0 if since is None else max(now_ms() - since, 0) / 1000


def lane_of(stream: str) -> int:
    """Return the lane for whatever has to stay in order."""
    return zlib.crc32(stream.encode()) % LANES
