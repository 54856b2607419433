"""What conversations and messages say to each other, in the words of the contract.

Conversations number what changes in who is in a conversation, and as what: its epochs. Messages
brings them into the timeline, one after the other, each with the notice that tells people of it.
"""

from typing import Literal, TypedDict

CHANGED = "membership.changed"
"""The event that carries a `Change`."""
PREVIEW_LENGTH = 140

Kind = Literal["direct", "group"]
Role = Literal["owner", "admin", "member"]
Action = Literal[
    "created", "renamed", "members_added", "member_removed", "member_left", "role_changed"
]


class Notice(TypedDict):
    """What a notice in the timeline says. Fields that an action does not use are empty."""

    action: Action
    user_ids: list[str]
    name: str | None
    role: Role | None


class Described(TypedDict):
    """What a conversation is, when somebody hears of it for the first time."""

    kind: Kind
    name: str | None
    created_by: str


class Change(TypedDict):
    """An epoch: what changed, and who did it. A direct conversation has one, without a notice."""

    epoch: int
    actor_id: str
    at: int
    """The conversation's `last_activity_at`, in milliseconds."""
    conversation: Described
    notice: Notice


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


class Preview(TypedDict):
    """The newest message, shortened for the list."""

    id: str
    seq: int
    kind: str
    sender_id: str
    body: str | None
    notice: Notice | None
    created_at: str
    edited_at: str | None
    deleted_at: str | None


class Standing(TypedDict):
    """How far a timeline is; times in milliseconds."""

    conversation_id: str
    rev: int
    last_seq: int
    last_activity_at: int
    last_message: Preview | None


def notice(
    action: Action,
    user_ids: list[str] | None = None,
    name: str | None = None,
    role: Role | None = None,
) -> Notice:
    """Build a notice."""
    return Notice(action=action, user_ids=user_ids or [], name=name, role=role)


def preview(message: Message) -> Preview:
    """Return a message as it stands in the list of conversations."""
    body = message["body"]
    return {
        "id": message["id"],
        "seq": message["seq"],
        "kind": message["kind"],
        "sender_id": message["sender_id"],
        "body": None if body is None else body[:PREVIEW_LENGTH],
        "notice": message["notice"],
        "created_at": message["created_at"],
        "edited_at": message["edited_at"],
        "deleted_at": message["deleted_at"],
    }
