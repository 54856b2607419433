"""Epochs: every change of a membership or a name gets the next number, and is kept under it.

The number, the change and the event that carries both are one transaction. Messages brings them
into the timeline, in this order, and asks for those that it has missed.
"""

import json

from sqlalchemy import Connection, bindparam, insert, select, update

from chassis.events import new_event
from chassis.work import Work
from chat.conversations.models import ChangeRow, ConversationRow
from events.timelines import CHANGED, Change, Described, Notice

PAGE = 200
_RAISE = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(epoch=ConversationRow.epoch + 1)
    .returning(
        ConversationRow.epoch,
        ConversationRow.kind,
        ConversationRow.name,
        ConversationRow.created_by,
        ConversationRow.last_activity_at,
    )
)


def note(work: Work, conversation_id: str, actor_id: str, notice: Notice) -> Change:
    """Give the next number to what has been done here; return what messages is to be told."""
    row = work.connection.execute(_RAISE, {"conversation": conversation_id}).one()
    change = Change(
        epoch=row.epoch,
        actor_id=actor_id,
        at=row.last_activity_at,
        conversation=Described(kind=row.kind, name=row.name, created_by=row.created_by),
        notice=notice,
    )
    kept = {"conversation_id": conversation_id, "epoch": row.epoch, "change": json.dumps(change)}
    work.connection.execute(insert(ChangeRow), kept)
    work.announce(new_event(CHANGED, dict(change), conversation_id=conversation_id))
    return change


def changes_after(connection: Connection, conversation_id: str, epoch: int) -> list[Change]:
    """Return the next changes after an epoch, at most `PAGE`."""
    kept = (
        select(ChangeRow.change)
        .where(ChangeRow.conversation_id == conversation_id, ChangeRow.epoch > epoch)
        .order_by(ChangeRow.epoch)
        .limit(PAGE)
    )
    return [json.loads(one) for one in connection.scalars(kept)]
