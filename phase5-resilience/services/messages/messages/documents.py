"""Messages as the contract writes them."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from chassis.clock import rfc3339, rfc3339_or_none
from events.timelines import Message, Notice, Reaction
from messages.emoji import canonical


class StoredMessage(NamedTuple):
    """The columns of `messages` that documents are written from.

    A tuple, since a page has fifty of them: reading a column of an SQLAlchemy row by its name
    takes five times as long.
    """

    id: str
    conversation_id: str
    seq: int
    rev: int
    kind: str
    sender_id: str
    client_id: str | None
    body: str | None
    reply_to: str | None
    notice: str | None
    created_at: int
    edited_at: int | None
    deleted_at: int | None


def message_document(stored: StoredMessage, reactions: list[Reaction]) -> Message:
    """Write a message down."""
    return {
        "id": stored.id,
        "conversation_id": stored.conversation_id,
        "seq": stored.seq,
        "rev": stored.rev,
        "kind": stored.kind,
        "sender_id": stored.sender_id,
        "client_id": stored.client_id,
        "body": stored.body,
        "reply_to": stored.reply_to,
        "notice": _notice(stored),
        "reactions": reactions,
        "created_at": rfc3339(stored.created_at),
        "edited_at": rfc3339_or_none(stored.edited_at),
        "deleted_at": rfc3339_or_none(stored.deleted_at),
    }


def gather_reactions(rows: Iterable[Any]) -> dict[int, list[Reaction]]:
    """Group rows of `reactions`, oldest first, by their message's seq and by emoji."""
    by_seq: dict[int, dict[str, dict[str, None]]] = {}
    for row in rows:
        given = by_seq.setdefault(row.seq, {}).setdefault(canonical(row.emoji), {})
        given[row.user_id] = None  # once, though both forms of one emoji may have been stored
    return {
        seq: [Reaction(emoji=emoji, user_ids=list(given)) for emoji, given in by_emoji.items()]
        for seq, by_emoji in by_seq.items()
    }


def _notice(stored: StoredMessage) -> Notice | None:
    return None if stored.notice is None else json.loads(stored.notice)
