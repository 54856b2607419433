"""Who may see a conversation. Everything that touches one asks here first."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import aliased

from chassis.errors import Conflict, Forbidden, NotFound
from chat.conversations.models import ConversationRow, MemberRow
from events.timelines import Kind, Role


class DirectConversation(Conflict):
    """Direct conversations have two members and no name, for ever."""

    slug = "direct-conversation"
    title = "Not in a direct conversation"


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's place in one conversation, with the conversation's counters."""

    conversation_id: str
    user_id: str
    kind: Kind
    role: Role
    last_seq: int
    rev: int
    read_seq: int

    def require_group(self) -> None:
        """Raise `DirectConversation` unless this is a group."""
        if self.kind != "group":
            raise DirectConversation("A direct conversation has no name, roles or other members.")

    def require_role(self, *roles: Role) -> None:
        """Raise `Forbidden` unless the person has one of these roles."""
        if self.role not in roles:
            raise Forbidden(f"Only {' and '.join(roles)} may do this.")


_MEMBERSHIP = (
    select(
        MemberRow.conversation_id,
        MemberRow.user_id,
        ConversationRow.kind,
        MemberRow.role,
        ConversationRow.last_seq,
        ConversationRow.rev,
        MemberRow.read_seq,
    )
    .select_from(ConversationRow)
    .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
    .where(
        ConversationRow.id == bindparam("conversation_id"),
        MemberRow.user_id == bindparam("user_id"),
    )
)
# Locks the conversation's row, and then the member's.
_MEMBERSHIP_FOR_CHANGE = _MEMBERSHIP.with_for_update()

_AUDIENCE = select(MemberRow.user_id).where(
    MemberRow.conversation_id == bindparam("conversation_id")
)

_mine, _theirs = aliased(MemberRow), aliased(MemberRow)
_ACQUAINTANCES = (
    select(_theirs.user_id)
    .join(_mine, _mine.conversation_id == _theirs.conversation_id)
    .where(_mine.user_id == bindparam("user_id"))
    .distinct()
)


def no_such_conversation() -> NotFound:
    """Return the error for a conversation that is not there, or not for the caller to see."""
    return NotFound("There is no such conversation.")


def require_member(
    connection: Connection, conversation_id: str, user_id: str, *, for_change: bool = False
) -> Membership:
    """Return the membership; `for_change` keeps it, and the conversation, as it is until the end.

    `NotFound` for whoever is not a member: they learn no more than if there were no conversation.
    """
    statement = _MEMBERSHIP_FOR_CHANGE if for_change else _MEMBERSHIP
    row: Any = connection.execute(
        statement, {"conversation_id": conversation_id, "user_id": user_id}
    ).first()
    if row is None:
        raise no_such_conversation()
    return Membership(*row)


def audience(connection: Connection, conversation_id: str) -> list[str]:
    """Return the ids of all members."""
    return list(connection.scalars(_AUDIENCE, {"conversation_id": conversation_id}))


def conversations_of(connection: Connection, user_id: str) -> list[str]:
    """Return in which conversations somebody is."""
    asked = select(MemberRow.conversation_id).where(MemberRow.user_id == user_id)
    return list(connection.scalars(asked))


def acquaintances(
    connection: Connection, user_id: str, among: Collection[str] | None = None
) -> set[str]:
    """Return who shares a conversation with a person; of all, or of those `among` them."""
    statement = _ACQUAINTANCES
    if among is not None:
        statement = statement.where(_theirs.user_id.in_(among))
    return set(connection.scalars(statement, {"user_id": user_id}))


def names_of(connection: Connection, conversation_ids: Collection[str]) -> dict[str, str | None]:
    """Return the names of groups; None for what is no group but direct."""
    asked = select(ConversationRow.id, ConversationRow.name)
    found = connection.execute(asked.where(ConversationRow.id.in_(conversation_ids)))
    return {row.id: row.name for row in found}
