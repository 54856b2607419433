"""The timeline itself: numbering, writing and reading messages inside a caller's transaction."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from chassis.clock import now_ms
from chassis.database import items_of
from chassis.events import Event, new_event
from chassis.ids import new_id
from chat.conversations.documents import Notice, Preview
from chat.conversations.models import ConversationRow, MemberRow, next_activity
from chat.messages.documents import (
    Message,
    StoredMessage,
    gather_reactions,
    message_document,
    preview_document,
)
from chat.messages.models import MessageRow, ReactionRow

_COLUMNS = [MessageRow.__table__.c[name] for name in StoredMessage._fields]

SELECT_MESSAGES = select(*_COLUMNS).where(MessageRow.conversation_id == bindparam("conversation"))
"""Messages of one conversation, to be narrowed down."""

_APPENDED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(
        last_seq=ConversationRow.last_seq + 1,
        rev=ConversationRow.rev + 1,
        last_activity_at=next_activity(bindparam("conversation"), bindparam("now")),
    )
    .returning(ConversationRow.last_seq, ConversationRow.rev)
)
_CHANGED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(rev=ConversationRow.rev + 1)
    .returning(ConversationRow.rev)
)
_INSERT = insert(MessageRow)
_REACTIONS = (
    select(ReactionRow.seq, ReactionRow.emoji, ReactionRow.user_id)
    .where(
        ReactionRow.conversation_id == bindparam("conversation"),
        ReactionRow.seq.in_(items_of("seqs")),
    )
    .order_by(ReactionRow.rev)
)
_NEWEST = (
    select(*_COLUMNS)
    .join(
        ConversationRow,
        (ConversationRow.id == MessageRow.conversation_id)
        & (ConversationRow.last_seq == MessageRow.seq),
    )
    .where(ConversationRow.id.in_(items_of("conversations")))
)
_READ_OWN_NOTICE = (
    update(MemberRow)
    .where(
        MemberRow.conversation_id == bindparam("conversation"),
        MemberRow.user_id == bindparam("actor"),
        MemberRow.read_seq == bindparam("before"),
    )
    .values(read_seq=bindparam("before") + 1)
)


class Entry(NamedTuple):
    """What is new in a message; its numbers come from the timeline."""

    kind: str
    sender_id: str
    client_id: str | None = None
    sent_hash: bytes | None = None
    body: str | None = None
    reply_to: str | None = None
    notice: str | None = None


def append(connection: Connection, conversation_id: str, entry: Entry) -> Message:
    """Write a new message with the next seq and rev.

    The counters and the message change in one transaction: that is why there are no gaps.
    """
    now = now_ms()
    seq, rev = connection.execute(_APPENDED, {"conversation": conversation_id, "now": now}).one()
    stored = StoredMessage(
        id=new_id(),
        conversation_id=conversation_id,
        seq=seq,
        rev=rev,
        kind=entry.kind,
        sender_id=entry.sender_id,
        client_id=entry.client_id,
        body=entry.body,
        reply_to=entry.reply_to,
        notice=entry.notice,
        created_at=now,
        edited_at=None,
        deleted_at=None,
    )
    connection.execute(_INSERT, stored._asdict() | {"sent_hash": entry.sent_hash})
    return message_document(stored, [])


def touch(connection: Connection, conversation_id: str) -> int:
    """Raise the conversation's rev for a change in place, and return it."""
    return connection.execute(_CHANGED, {"conversation": conversation_id}).scalar_one()


def documents(
    connection: Connection, conversation_id: str, rows: Sequence[Row[Any]]
) -> list[Message]:
    """Write messages down with their reactions: one query, however many messages."""
    if not rows:
        return []
    messages = [StoredMessage._make(row) for row in rows]
    seqs = [message.seq for message in messages]
    found = connection.execute(
        _REACTIONS, {"conversation": conversation_id, "seqs": json.dumps(seqs)}
    ).all()
    reactions = gather_reactions(found)
    return [message_document(one, reactions.get(one.seq, [])) for one in messages]


class MessageTimeline:
    """The timeline as the conversations domain sees it; see `chat.conversations.timeline`."""

    def append_notice(
        self, connection: Connection, conversation_id: str, actor_id: str, notice: Notice
    ) -> Event:
        """Add a notice; who had read everything has read this too, if it is their own."""
        message = append(
            connection,
            conversation_id,
            Entry(kind="notice", sender_id=actor_id, notice=json.dumps(notice)),
        )
        connection.execute(
            _READ_OWN_NOTICE,
            {"conversation": conversation_id, "actor": actor_id, "before": message["seq"] - 1},
        )
        return message_event("message.created", message)

    def previews(
        self, connection: Connection, conversation_ids: Sequence[str]
    ) -> dict[str, Preview]:
        """Return the newest message of each of these conversations that has one."""
        rows = connection.execute(_NEWEST, {"conversations": json.dumps(conversation_ids)}).all()
        newest = [StoredMessage._make(row) for row in rows]
        return {one.conversation_id: preview_document(one) for one in newest}


def message_event(kind: str, message: Message) -> Event:
    """Build the event that carries a message in its new state."""
    return new_event(
        kind,
        {"message": message},
        conversation_id=message["conversation_id"],
        rev=message["rev"],
    )
