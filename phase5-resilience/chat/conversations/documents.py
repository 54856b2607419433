"""Conversations and members as the contract writes them."""

import json
import uuid
from typing import Any, NamedTuple, TypedDict

from chassis.clock import rfc3339
from events.timelines import Kind, Preview, Role

_DIRECT = uuid.UUID("8e0f8b9c-5a55-4a0e-9d52-6b3e4f0d7c11")
"""The namespace of direct conversations' ids (UUIDv5)."""


class Conversation(TypedDict):
    """A conversation as one member sees it."""

    id: str
    kind: Kind
    name: str | None
    created_by: str
    created_at: str
    role: Role
    member_count: int
    peer_id: str | None
    rev: int
    last_seq: int
    read_seq: int
    unread_count: int
    last_activity_at: str
    last_message: Preview | None


class Member(TypedDict):
    """Somebody in a conversation."""

    user_id: str
    role: Role
    joined_at: str
    read_seq: int


def direct_id(one: str, other: str) -> str:
    """Return the id of the conversation of two people: the same whoever asks."""
    return str(uuid.uuid5(_DIRECT, ":".join(sorted((one, other)))))


class StoredConversation(NamedTuple):
    """The columns of `conversations`, and of the reader's row in `members`, in this order.

    A tuple for speed: reading a column of an SQLAlchemy row by its name takes five times as long.
    """

    id: str
    kind: Kind
    name: str | None
    created_by: str
    created_at: int
    other_id: str | None
    member_count: int
    epoch: int
    rev: int
    last_seq: int
    last_activity_at: int
    last_message: str | None
    role: Role
    read_seq: int


def conversation_document(stored: StoredConversation, reader_id: str) -> Conversation:
    """Write a conversation down for one of its members."""
    peer_id = stored.other_id if stored.created_by == reader_id else stored.created_by
    return {
        "id": stored.id,
        "kind": stored.kind,
        "name": stored.name,
        "created_by": stored.created_by,
        "created_at": rfc3339(stored.created_at),
        "role": stored.role,
        "member_count": stored.member_count,
        "peer_id": peer_id if stored.kind == "direct" else None,
        "rev": stored.rev,
        "last_seq": stored.last_seq,
        "read_seq": stored.read_seq,
        "unread_count": stored.last_seq - stored.read_seq,
        "last_activity_at": rfc3339(stored.last_activity_at),
        "last_message": None if stored.last_message is None else json.loads(stored.last_message),
    }


def member_document(row: Any) -> Member:
    """Write a row of `members` down."""
    return Member(
        user_id=row.user_id, role=row.role, joined_at=rfc3339(row.joined_at), read_seq=row.read_seq
    )
