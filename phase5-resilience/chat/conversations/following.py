"""Events of timelines keep the copy up to date that lists are made of."""

import json
from typing import Any

from sqlalchemy import Connection, bindparam, case, select, update

from chassis.database import greatest
from chassis.messaging.cloudevents import CloudEvent
from chassis.work import Work
from chat.conversations.lists import copy, move_markers
from chat.conversations.models import ConversationRow
from chat.conversations.neighbours import Timelines
from events.timelines import Message, preview
from events.versions import V2, message_of

_NEXT = (
    update(ConversationRow)
    .where(
        ConversationRow.id == bindparam("conversation"), ConversationRow.rev == bindparam("at") - 1
    )
    .values(
        rev=bindparam("at"),
        last_seq=greatest(ConversationRow.last_seq, bindparam("seq")),
        last_activity_at=greatest(ConversationRow.last_activity_at, bindparam("active_at")),
        last_message=case(
            (ConversationRow.last_seq <= bindparam("seq"), bindparam("preview")),
            else_=ConversationRow.last_message,
        ),
    )
    .returning(ConversationRow.rev)
)
_REV = select(ConversationRow.rev).where(ConversationRow.id == bindparam("conversation"))


def follow(timelines: Timelines, work: Work, event: CloudEvent) -> None:
    """Copy what an event tells of. Where one is missing before it, messages is asked.

    Errors: `NotReady` if it does not answer then.
    """
    conversation_id, message = event["subject"], _message(event)
    _copy(timelines, work.connection, event, message)
    # After the conversation itself, as everywhere: nobody waits for somebody who waits for them.
    if message is not None and event["dataschema"] == V2:
        move_markers(work.connection, conversation_id, message)


def _copy(
    timelines: Timelines, connection: Connection, event: CloudEvent, message: Message | None
) -> None:
    conversation_id, rev = event["subject"], event["rev"]
    values: dict[str, Any] = {"conversation": conversation_id, "at": rev}
    values |= {"seq": 0, "active_at": 0, "preview": None}
    if message is not None:
        values["seq"], values["preview"] = message["seq"], json.dumps(preview(message))
        values["active_at"] = event["data"].get("last_activity_at", 0)
    if connection.execute(_NEXT, values).first() is not None:
        return
    copied = connection.scalar(_REV, {"conversation": conversation_id})
    if copied is not None and copied < rev:
        for standing in timelines.standings([conversation_id]):
            copy(connection, standing)


def _message(event: CloudEvent) -> Message | None:
    """Return the message that an event carries, if it does."""
    if event["dataschema"] == V2:
        return message_of(event)
    message: Message | None = event["data"].get("message")
    return message
