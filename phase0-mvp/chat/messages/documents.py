"""Messages as the contract writes them."""

import json
from collections.abc import Iterable
from typing import Any, TypedDict

from chassis.clock import rfc3339, rfc3339_or_none
from chat.conversations.documents import Notice, Preview

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


def message_document(row: Any, reactions: list[Reaction]) -> Message:
    """Write a row of `messages` down."""
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        seq=row.seq,
        rev=row.rev,
        kind=row.kind,
        sender_id=row.sender_id,
        client_id=row.client_id,
        body=row.body,
        reply_to=row.reply_to,
        notice=_notice(row),
        reactions=reactions,
        created_at=rfc3339(row.created_at),
        edited_at=rfc3339_or_none(row.edited_at),
        deleted_at=rfc3339_or_none(row.deleted_at),
    )


def preview_document(row: Any) -> Preview:
    """Write a row of `messages` down, shortened for the list of conversations."""
    return Preview(
        id=row.id,
        seq=row.seq,
        kind=row.kind,
        sender_id=row.sender_id,
        body=None if row.body is None else row.body[:PREVIEW_LENGTH],
        notice=_notice(row),
        created_at=rfc3339(row.created_at),
        edited_at=rfc3339_or_none(row.edited_at),
        deleted_at=rfc3339_or_none(row.deleted_at),
    )


def gather_reactions(rows: Iterable[Any]) -> dict[int, list[Reaction]]:
    """Group rows of `reactions`, oldest first, by their message's seq and by emoji."""
    by_seq: dict[int, dict[str, list[str]]] = {}
    for row in rows:
        by_seq.setdefault(row.seq, {}).setdefault(row.emoji, []).append(row.user_id)
    return {
        seq: [Reaction(emoji=emoji, user_ids=user_ids) for emoji, user_ids in by_emoji.items()]
        for seq, by_emoji in by_seq.items()
    }


def _notice(row: Any) -> Notice | None:
    return None if row.notice is None else json.loads(row.notice)
