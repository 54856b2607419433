"""What one person has written: to hand it out, and to take it away.

An index by sender would cost every send something, for what is done once in the life of an account:
so who looks for all that somebody wrote goes through the conversations, some at a time.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, select, tuple_

from chassis.database import as_items, items_of
from chassis.events import new_event
from chassis.rows import count_rows
from chassis.work import Work
from events.timelines import Message
from messages import store
from messages.changing import remove
from messages.counters import touch
from messages.documents import StoredMessage
from messages.models import MessageRow, ReactionRow, TimelineRow

CONVERSATIONS = 500
"""Looked through at a time."""
_SENT_IN = select(MessageRow.conversation_id).where(MessageRow.kind == "text")
_REACTED_IN = select(ReactionRow.conversation_id)


class WrittenIn(TypedDict):
    """Where somebody has sent or reacted, of the next conversations; `after` "" if it was the rest.

    `of` says how many there are in all, and `looked` how many were looked through.
    """

    ids: list[str]
    after: str
    looked: int
    of: int


def written_in(connection: Connection, user_id: str, after: str) -> WrittenIn:
    """Look through some conversations more."""
    every = select(TimelineRow.conversation_id).where(TimelineRow.conversation_id > after)
    ids = connection.scalars(every.order_by(TimelineRow.conversation_id).limit(CONVERSATIONS)).all()
    return WrittenIn(
        ids=_wrote_in(connection, user_id, ids),
        after=ids[-1] if len(ids) == CONVERSATIONS else "",
        looked=len(ids),
        of=count_rows(connection, TimelineRow),
    )


def _wrote_in(connection: Connection, user_id: str, conversation_ids: Sequence[str]) -> list[str]:
    """Return in which of these conversations a person has sent or reacted."""
    among = items_of("ids")
    sent = _SENT_IN.where(MessageRow.conversation_id.in_(among), MessageRow.sender_id == user_id)
    reacted = _REACTED_IN.where(
        ReactionRow.conversation_id.in_(among), ReactionRow.user_id == user_id
    )
    either = sent.union(reacted).order_by("conversation_id")
    return list(connection.scalars(either, {"ids": as_items(conversation_ids)}))


def texts_after(
    connection: Connection, after: int, limit: int, *, user_id: str, conversation_id: str
) -> list[Message]:
    """Return what a person has sent to a conversation after a seq; tombstones too."""
    sent = select(*(MessageRow.__table__.c[name] for name in StoredMessage._fields)).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.sender_id == user_id,
        MessageRow.kind == "text",
        MessageRow.seq > after,
    )
    rows = connection.execute(sent.order_by(MessageRow.seq).limit(limit)).all()
    stored = [StoredMessage._make(row) for row in rows]
    return store.documents(connection, conversation_id, stored)


def reactions_after(
    connection: Connection,
    after: tuple[int, str],
    limit: int,
    *,
    user_id: str,
    conversation_id: str,
) -> list[dict[str, Any]]:
    """Return a person's emoji on the messages of a conversation, after a seq and an emoji."""
    key = (ReactionRow.seq, ReactionRow.emoji)
    given = (
        select(MessageRow.id.label("message_id"), *key)
        .join(
            MessageRow,
            (MessageRow.conversation_id == ReactionRow.conversation_id)
            & (MessageRow.seq == ReactionRow.seq),
        )
        .where(ReactionRow.conversation_id == conversation_id, ReactionRow.user_id == user_id)
        .where(tuple_(*key) > after)
    )
    return [dict(row) for row in connection.execute(given.order_by(*key).limit(limit)).mappings()]


def erase(work: Work, user_id: str, conversation_id: str, at_most: int) -> int:
    """Take away so many texts and emoji of a person; return how many there were."""
    texts = select(MessageRow.id).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.sender_id == user_id,
        MessageRow.client_id != MessageRow.id,  # which is what is done with it last
    )
    sent = work.connection.scalars(texts.limit(at_most)).all()
    for message_id in sent:
        _forget_sending(work, conversation_id, message_id)
        remove(work, conversation_id, message_id)
    given = reactions_after(
        work.connection, (0, ""), at_most, user_id=user_id, conversation_id=conversation_id
    )
    for reaction in given:
        _take_back(work, user_id, conversation_id, reaction)
    return len(sent) + len(given)


def _forget_sending(work: Work, conversation_id: str, message_id: str) -> None:
    """Replace what recognises a resend: its maker chose one, the other tells a short text."""
    stored = store.find(work.connection, conversation_id, message_id)
    rev = touch(work.connection, conversation_id) if stored.deleted_at else stored.rev
    nothing = {"client_id": stored.id, "sent_hash": hashlib.sha256(stored.id.encode()).digest()}
    store.change(work.connection, stored, rev, nothing)


def _take_back(work: Work, user_id: str, conversation_id: str, reaction: dict[str, Any]) -> None:
    connection = work.connection
    stored = store.find(connection, conversation_id, reaction["message_id"])
    rev = touch(connection, conversation_id)
    store.remove_reaction(connection, stored, reaction["emoji"], user_id)
    store.change(connection, stored, rev, {})
    data = {**reaction, "user_id": user_id}
    event = new_event("reaction.removed", data, conversation_id=conversation_id, rev=rev)
    work.announce(event)
