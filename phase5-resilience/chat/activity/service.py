"""Keeping the feed, and reading it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from chassis.messaging.cloudevents import CloudEvent
from chassis.work import Work
from chat.activity.models import ActivityRow

KEPT, PRUNE_EACH = 1_000_000, 1_000
"""How many entries stay, and after how many the oldest go."""


def record(work: Work, event: CloudEvent) -> None:
    """Add an event to the feed."""
    added = insert(ActivityRow).values(
        event_id=event["id"],
        topic=event["type"],
        conversation_id=event.get("subject"),
        rev=event.get("rev"),
        occurred_at=event["time"],
    )
    recorded = work.connection.scalars(added.returning(ActivityRow.recorded)).one()
    if recorded % PRUNE_EACH == 0:
        work.connection.execute(delete(ActivityRow).where(ActivityRow.recorded <= recorded - KEPT))


def newest(connection: Connection, limit: int) -> list[Mapping[str, Any]]:
    """Return the newest entries, the newest last."""
    rows = select(*ActivityRow.__table__.c).order_by(ActivityRow.recorded.desc()).limit(limit)
    return [dict(row._mapping) for row in reversed(connection.execute(rows).all())]  # noqa: SLF001


def told(connection: Connection) -> dict[str, int]:
    """Return how many messages were told of, and how many of them after a later one."""
    before = func.lag(ActivityRow.rev).over(
        partition_by=ActivityRow.conversation_id, order_by=ActivityRow.recorded
    )
    heard = (
        select(ActivityRow.rev, before.label("before"))
        .where(ActivityRow.topic == "conversation.message.created")
        .subquery()
    )
    late = func.count().filter(heard.c.rev <= heard.c.before)
    row = connection.execute(select(func.count(), late).select_from(heard)).one()
    return {"told": row[0], "disordered": row[1]}
