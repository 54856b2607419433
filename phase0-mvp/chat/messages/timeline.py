"""The timeline itself: numbering, writing and reading messages inside a caller's transaction."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, tuple_, update

from chassis.clock import now_ms
from chassis.events import Event, new_event
from chassis.ids import new_id
from chat.conversations.documents import Notice, Preview
from chat.conversations.models import ConversationRow, MemberRow
from chat.messages.documents import (
    Message,
    gather_reactions,
    message_document,
    preview_document,
)
from chat.messages.models import MessageRow, ReactionRow

_COLUMNS = [column for column in MessageRow.__table__.c if column.name != "sent_hash"]
_PREVIEW_COLUMNS = [
    column
    for column in MessageRow.__table__.c
    if column.name not in {"sent_hash", "rev", "client_id", "reply_to"}
]

_APPENDED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(
        last_seq=ConversationRow.last_seq + 1,
        rev=ConversationRow.rev + 1,
        last_activity_at=bindparam("now"),
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
        ReactionRow.seq.in_(bindparam("seqs", expanding=True)),
    )
    .order_by(ReactionRow.rev)
)
_NEWEST = select(*_PREVIEW_COLUMNS).where(
    tuple_(MessageRow.conversation_id, MessageRow.seq).in_(bindparam("newest", expanding=True))
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


def select_messages(conversation_id: str) -> Select[Any]:
    """Return a statement for messages of one conversation, to be narrowed by the caller."""
    return select(*_COLUMNS).where(MessageRow.conversation_id == conversation_id)


def append(connection: Connection, conversation_id: str, values: dict[str, Any]) -> Message:
    """Write a new message with the next seq and rev.

    The counters and the message change in one transaction: that is why there are no gaps.
    """
    now = now_ms()
    seq, rev = connection.execute(_APPENDED, {"conversation": conversation_id, "now": now}).one()
    row = {
        "conversation_id": conversation_id,
        "seq": seq,
        "id": new_id(),
        "rev": rev,
        "client_id": None,
        "sent_hash": None,
        "body": None,
        "reply_to": None,
        "notice": None,
        "created_at": now,
        "edited_at": None,
        "deleted_at": None,
    } | values
    connection.execute(_INSERT, row)
    return message_document(SimpleNamespace(**row), [])


def touch(connection: Connection, conversation_id: str) -> int:
    """Raise the conversation's rev for a change in place, and return it."""
    return connection.execute(_CHANGED, {"conversation": conversation_id}).scalar_one()


def documents(
    connection: Connection, conversation_id: str, rows: Sequence[Row[Any]]
) -> list[Message]:
    """Write messages down with their reactions: one query, however many messages."""
    if not rows:
        return []
    seqs = [row.seq for row in rows]
    found = connection.execute(_REACTIONS, {"conversation": conversation_id, "seqs": seqs}).all()
    reactions = gather_reactions(found)
    return [message_document(row, reactions.get(row.seq, [])) for row in rows]


class MessageTimeline:
    """The timeline as the conversations domain sees it; see `chat.conversations.timeline`."""

    def append_notice(
        self, connection: Connection, conversation_id: str, actor_id: str, notice: Notice
    ) -> Event:
        """Add a notice; who had read everything has read this too, if it is their own."""
        message = append(
            connection,
            conversation_id,
            {"kind": "notice", "sender_id": actor_id, "notice": json.dumps(notice)},
        )
        connection.execute(
            _READ_OWN_NOTICE,
            {"conversation": conversation_id, "actor": actor_id, "before": message["seq"] - 1},
        )
        return message_event("message.created", message)

    def previews(
        self, connection: Connection, newest: Sequence[tuple[str, int]]
    ) -> dict[str, Preview]:
        """Return, by conversation id, the messages at these (conversation id, seq)."""
        rows = connection.execute(_NEWEST, {"newest": newest}).all()
        return {row.conversation_id: preview_document(row) for row in rows}


def message_event(kind: str, message: Message) -> Event:
    """Build the event that carries a message in its new state."""
    return new_event(
        kind,
        {"message": message},
        conversation_id=message["conversation_id"],
        rev=message["rev"],
    )
