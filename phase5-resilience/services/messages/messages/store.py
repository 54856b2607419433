"""The rows of messages and reactions: every statement of this domain, and nothing of its rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from chassis.database import as_items, as_pairs, insert_if_new, items_of, pairs_of
from chassis.errors import NotFound
from events.timelines import Message
from messages.documents import StoredMessage, gather_reactions, message_document
from messages.emoji import canonical, forms
from messages.models import MessageRow, ReactionRow

_COLUMNS = [MessageRow.__table__.c[name] for name in StoredMessage._fields]
_OF_CONVERSATION = select(*_COLUMNS).where(MessageRow.conversation_id == bindparam("conversation"))
_BY_ID = _OF_CONVERSATION.where(MessageRow.id == bindparam("id"))
_LATEST = _OF_CONVERSATION.order_by(MessageRow.seq.desc()).limit(bindparam("limit"))
_BEFORE = _LATEST.where(MessageRow.seq < bindparam("seq"))
_AFTER = (
    _OF_CONVERSATION.where(MessageRow.seq > bindparam("seq"))
    .order_by(MessageRow.seq)
    .limit(bindparam("limit"))
)
_CHANGED_AFTER = (
    _OF_CONVERSATION.where(MessageRow.rev > bindparam("rev"))
    .order_by(MessageRow.rev)
    .limit(bindparam("limit"))
)
_AT = select(*_COLUMNS).where(
    tuple_(MessageRow.conversation_id, MessageRow.seq).in_(pairs_of("places"))
)
_SENT = select(MessageRow.id, MessageRow.sent_hash).where(
    MessageRow.conversation_id == bindparam("conversation"),
    MessageRow.sender_id == bindparam("sender"),
    MessageRow.client_id == bindparam("client"),
)
_INSERT_NOTICE = insert(MessageRow)
_INSERT_TEXT = insert_if_new(MessageRow, "conversation_id", "sender_id", "client_id")
_REACTIONS = (
    select(ReactionRow.seq, ReactionRow.emoji, ReactionRow.user_id)
    .where(
        ReactionRow.conversation_id == bindparam("conversation"),
        ReactionRow.seq.in_(items_of("seqs", BigInteger)),
    )
    .order_by(ReactionRow.rev)
)


class SentBefore(Exception):
    """The sender has used this client id in this conversation already."""


def insert_notice(connection: Connection, stored: StoredMessage) -> None:
    """Store a notice."""
    connection.execute(_INSERT_NOTICE, stored._asdict())


def insert_text(connection: Connection, stored: StoredMessage, sent_hash: bytes) -> None:
    """Store a text; `SentBefore` if there is one under its client id."""
    values = stored._asdict() | {"sent_hash": sent_hash}
    if not connection.execute(_INSERT_TEXT, values).rowcount:
        raise SentBefore


def find_sent(
    connection: Connection, conversation_id: str, sender_id: str, client_id: str
) -> tuple[str, bytes | None]:
    """Return the id of what was sent under a client id, and the hash of what it said then."""
    values = {"conversation": conversation_id, "sender": sender_id, "client": client_id}
    row: Any = connection.execute(_SENT, values).one()
    return row.id, row.sent_hash


def find(connection: Connection, conversation_id: str, message_id: str) -> StoredMessage:
    """Return a message; `NotFound` if it is not in this conversation."""
    row = connection.execute(_BY_ID, {"conversation": conversation_id, "id": message_id}).first()
    if row is None:
        raise NotFound("There is no such message.")
    return StoredMessage._make(row)


def page(
    connection: Connection, conversation_id: str, limit: int, before: int | None, after: int | None
) -> list[StoredMessage]:
    """Return messages before or after a seq, or the newest, by keyset; ascending by seq."""
    values: dict[str, Any] = {"conversation": conversation_id, "limit": limit}
    if after is not None:
        statement, values["seq"] = _AFTER, after
    elif before is not None:
        statement, values["seq"] = _BEFORE, before
    else:
        statement = _LATEST
    found = [StoredMessage._make(row) for row in connection.execute(statement, values).all()]
    return found if after is not None else found[::-1]


def changed_after(
    connection: Connection, conversation_id: str, rev: int, limit: int
) -> list[StoredMessage]:
    """Return the messages that changed after a rev, ascending by rev."""
    values = {"conversation": conversation_id, "rev": rev, "limit": limit}
    return [StoredMessage._make(row) for row in connection.execute(_CHANGED_AFTER, values).all()]


def at(connection: Connection, seqs: Mapping[str, int]) -> list[StoredMessage]:
    """Return the message at a seq of each of these conversations, where there is one."""
    rows = connection.execute(_AT, {"places": as_pairs(seqs)}).all()
    return [StoredMessage._make(row) for row in rows]


def documents(
    connection: Connection, conversation_id: str, stored: Sequence[StoredMessage]
) -> list[Message]:
    """Write messages down with their reactions: one query, however many messages."""
    if not stored:
        return []
    values = {"conversation": conversation_id, "seqs": as_items([one.seq for one in stored])}
    reactions = gather_reactions(connection.execute(_REACTIONS, values).all())
    return [message_document(one, reactions.get(one.seq, [])) for one in stored]


def document(connection: Connection, conversation_id: str, message_id: str) -> Message:
    """Write one message down; `NotFound` if it is not in this conversation."""
    stored = find(connection, conversation_id, message_id)
    return documents(connection, conversation_id, [stored])[0]


def change(connection: Connection, stored: StoredMessage, rev: int, values: dict[str, Any]) -> None:
    """Change columns of a message, as the change `rev` of its conversation."""
    connection.execute(
        update(MessageRow)
        .where(MessageRow.conversation_id == stored.conversation_id, MessageRow.seq == stored.seq)
        .values(rev=rev, **values)
    )


def add_reaction(
    connection: Connection, stored: StoredMessage, emoji: str, user_id: str, rev: int
) -> None:
    """Store one person's emoji, as the change `rev` of the conversation."""
    connection.execute(
        insert(ReactionRow).values(
            conversation_id=stored.conversation_id,
            seq=stored.seq,
            emoji=emoji,
            user_id=user_id,
            rev=rev,
        )
    )


def remove_reaction(
    connection: Connection, stored: StoredMessage, emoji: str, user_id: str
) -> bool:
    """Delete one person's emoji; return whether it was there."""
    removed = connection.execute(
        delete(ReactionRow).where(
            *_on(stored), ReactionRow.emoji.in_(forms(emoji)), ReactionRow.user_id == user_id
        )
    )
    return removed.rowcount > 0


def remove_reactions(connection: Connection, stored: StoredMessage) -> None:
    """Delete every emoji on a message."""
    connection.execute(delete(ReactionRow).where(*_on(stored)))


def has_reacted(connection: Connection, stored: StoredMessage, emoji: str, user_id: str) -> bool:
    """Return whether a person has given this emoji."""
    statement = select(ReactionRow.rev).where(
        *_on(stored), ReactionRow.emoji.in_(forms(emoji)), ReactionRow.user_id == user_id
    )
    return connection.scalar(statement) is not None


def count_other_emoji(connection: Connection, stored: StoredMessage, emoji: str) -> int:
    """Return how many different emoji there are on a message beside this one."""
    on_it = connection.scalars(select(ReactionRow.emoji).distinct().where(*_on(stored)))
    return len({canonical(one) for one in on_it} - {emoji})


def _on(stored: StoredMessage) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the condition for the reactions on one message."""
    return ReactionRow.conversation_id == stored.conversation_id, ReactionRow.seq == stored.seq
