"""Who may see a conversation. Everything that touches one asks here first."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from chassis.errors import Conflict, Forbidden, NotFound
from chat.conversations.documents import Kind, Role
from chat.conversations.models import ConversationRow, MemberRow


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
    .join(ConversationRow, ConversationRow.id == MemberRow.conversation_id)
    .where(
        MemberRow.conversation_id == bindparam("conversation_id"),
        MemberRow.user_id == bindparam("user_id"),
    )
)

_AUDIENCE = select(MemberRow.user_id).where(
    MemberRow.conversation_id == bindparam("conversation_id")
)

_READ_UP_TO = (
    update(MemberRow)
    .where(
        MemberRow.conversation_id == bindparam("conversation"),
        MemberRow.user_id == bindparam("reader"),
    )
    .values(read_seq=bindparam("seq"))
)


def no_such_conversation() -> NotFound:
    """Return the error for a conversation that is not there, or not for the caller to see."""
    return NotFound("There is no such conversation.")


def require_member(connection: Connection, conversation_id: str, user_id: str) -> Membership:
    """Return the membership.

    `NotFound` for whoever is not a member: they learn no more than if there were no conversation.
    """
    row: Any = connection.execute(
        _MEMBERSHIP, {"conversation_id": conversation_id, "user_id": user_id}
    ).first()
    if row is None:
        raise no_such_conversation()
    return Membership(*row)


def audience(connection: Connection, conversation_id: str) -> list[str]:
    """Return the ids of all members, who are to hear of an event."""
    return list(connection.scalars(_AUDIENCE, {"conversation_id": conversation_id}))


def read_up_to(connection: Connection, conversation_id: str, user_id: str, seq: int) -> None:
    """Set how far a member has read."""
    connection.execute(
        _READ_UP_TO, {"conversation": conversation_id, "reader": user_id, "seq": seq}
    )
