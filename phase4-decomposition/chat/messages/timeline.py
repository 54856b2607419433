"""The timeline itself: new messages get their place in it, inside a caller's transaction."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection

from chassis.clock import now_ms
from chassis.events import Event, new_event
from chassis.ids import new_id
from chat.conversations.counters import advance, read_next
from chat.conversations.documents import Notice, Preview
from chat.messages import store
from chat.messages.documents import Message, StoredMessage, message_document, preview_document


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
) -> StoredMessage:
    """Return a message with the next seq and rev, to be stored in the same transaction.

    That the counters and the message change in one transaction is why there are no gaps.
    """
    now = now_ms()
    seq, rev = advance(connection, conversation_id, now)
    return StoredMessage(
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


class MessageTimeline:
    """The timeline as the conversations domain sees it; see `chat.conversations.timeline`."""

    def append_notice(
        self, connection: Connection, conversation_id: str, actor_id: str, notice: Notice
    ) -> Event:
        """Add a notice; who had read everything has read this too, if it is their own."""
        said = json.dumps(notice)
        stored = next_message(connection, conversation_id, actor_id, "notice", notice=said)
        store.insert_notice(connection, stored)
        read_next(connection, conversation_id, actor_id, stored.seq)
        return message_event("message.created", message_document(stored, []))

    def previews(self, connection: Connection, last_seqs: Mapping[str, int]) -> dict[str, Preview]:
        """Return the message at the `last_seq` of each of these conversations that has one."""
        newest = store.at(connection, last_seqs)
        return {one.conversation_id: preview_document(one) for one in newest}


def message_event(kind: str, message: Message) -> Event:
    """Build the event that carries a message in its new state.

    That it was created has its id: whoever only has the message can make this event anew.
    """
    event = new_event(
        kind,
        {"message": message},
        conversation_id=message["conversation_id"],
        rev=message["rev"],
    )
    if kind == "message.created":
        event["id"] = message["id"]
    return event
