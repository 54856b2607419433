"""The timeline itself: new messages get their place in it, inside a caller's transaction."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select

from chassis.clock import now_ms
from chassis.database import as_items, items_of
from chassis.events import Event, new_event
from chassis.ids import new_id
from chassis.work import Work
from events.timelines import Message, Notice, Standing, preview
from messages import store
from messages.counters import advance
from messages.documents import StoredMessage, message_document
from messages.models import TimelineRow

_COUNTERS = select(
    TimelineRow.conversation_id,
    TimelineRow.rev,
    TimelineRow.last_seq,
    TimelineRow.last_activity_at,
).where(TimelineRow.conversation_id.in_(items_of("ids")))


def next_message(
    connection: Connection,
    conversation_id: str,
    sender_id: str,
    kind: str,
    *,
    client_id: str | None = None,
    body: str | None = None,
    reply_to: str | None = None,
    notice: str | None = None,
) -> tuple[StoredMessage, int]:
    """Return a message with the next seq and rev, to be stored in the same transaction.

    That the counters and the message change in one transaction is why there are no gaps. The second
    value is the conversation's `last_activity_at` with it.
    """
    now = now_ms()
    seq, rev, active_at = advance(connection, conversation_id, now)
    stored = StoredMessage(
        id=new_id(),
        conversation_id=conversation_id,
        seq=seq,
        rev=rev,
        kind=kind,
        sender_id=sender_id,
        client_id=client_id,
        body=body,
        reply_to=reply_to,
        notice=notice,
        created_at=now,
        edited_at=None,
        deleted_at=None,
    )
    return stored, active_at


def append_notice(work: Work, conversation_id: str, actor_id: str, notice: Notice) -> Event:
    """Add a notice; return the event that tells of it, to be announced."""
    stored, active_at = next_message(
        work.connection, conversation_id, actor_id, "notice", notice=json.dumps(notice)
    )
    store.insert_notice(work.connection, stored)
    return created_event(message_document(stored, []), active_at)


def standings(connection: Connection, conversation_ids: Sequence[str]) -> list[Standing]:
    """Return how far these timelines are; of one that is not there, nothing."""
    rows = connection.execute(_COUNTERS, {"ids": as_items(conversation_ids)}).all()
    newest = store.at(connection, {row.conversation_id: row.last_seq for row in rows})
    messages = {one.conversation_id: preview(message_document(one, [])) for one in newest}
    return [
        Standing(
            conversation_id=row.conversation_id,
            rev=row.rev,
            last_seq=row.last_seq,
            last_activity_at=row.last_activity_at,
            last_message=messages.get(row.conversation_id),
        )
        for row in rows
    ]


def created_event(message: Message, last_activity_at: int) -> Event:
    """Build the event of a new message, with what the lists of conversations are ordered by.

    It has the message's id: whoever only has the message can make this event anew.
    """
    event = message_event("message.created", message)
    event["id"] = message["id"]
    event["data"]["last_activity_at"] = last_activity_at
    return event


def message_event(kind: str, message: Message) -> Event:
    """Build the event that carries a message in its new state."""
    return new_event(
        kind,
        {"message": message},
        conversation_id=message["conversation_id"],
        rev=message["rev"],
    )
