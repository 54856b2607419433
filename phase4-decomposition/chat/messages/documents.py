"""Messages as the contract writes them."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict

from chassis.clock import rfc3339, rfc3339_or_none
from chat.conversations.documents import Notice, Preview
from chat.messages.emoji import canonical

PREVIEW_LENGTH = 140


class Reaction(TypedDict):
    """An emoji, and who gave it, in that order."""

    emoji: str
    user_ids: list[str]


class Message(TypedDict):
    """An entry of a timeline; a deleted one is a tombstone without body and reactions."""

    id: str
    conversation_id: str
    seq: int
    rev: int
    kind: str
    sender_id: str
    client_id: str | None
    body: str | None
    reply_to: str | None
    notice: Notice | None
    reactions: list[Reaction]
    created_at: str
    edited_at: str | None
    deleted_at: str | None


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


def preview_document(stored: StoredMessage) -> Preview:
    """Write a message down, shortened for the list of conversations."""
    return {
        "id": stored.id,
        "seq": stored.seq,
        "kind": stored.kind,
        "sender_id": stored.sender_id,
        "body": None if stored.body is None else stored.body[:PREVIEW_LENGTH],
        "notice": _notice(stored),
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
