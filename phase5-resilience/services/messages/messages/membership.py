"""Who may see a timeline, by the replica of memberships. Everything that touches one asks here."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from chassis.errors import NotFound
from events.timelines import Kind, Role
from messages.models import MemberRow, TimelineRow


class NotKnown(NotFound):
    """Nobody whom the replica knows as a member: they learn no more than if nothing were there."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's place in one conversation, with the counters of its timeline."""

    conversation_id: str
    user_id: str
    kind: Kind
    role: Role
    last_seq: int
    rev: int


_MEMBERSHIP = (
    select(
        MemberRow.conversation_id,
        MemberRow.user_id,
        TimelineRow.kind,
        MemberRow.role,
        TimelineRow.last_seq,
        TimelineRow.rev,
    )
    .select_from(TimelineRow)
    .join(MemberRow, MemberRow.conversation_id == TimelineRow.conversation_id)
    .where(
        TimelineRow.conversation_id == bindparam("conversation_id"),
        MemberRow.user_id == bindparam("user_id"),
    )
)
# Locks the timeline's row, and then the member's.
_MEMBERSHIP_FOR_CHANGE = _MEMBERSHIP.with_for_update()


def require_member(
    connection: Connection, conversation_id: str, user_id: str, *, for_change: bool = False
) -> Membership:
    """Return the membership; `for_change` keeps it, and the timeline, as it is until the end.

    `NotKnown` for whoever is not a member here.
    """
    statement = _MEMBERSHIP_FOR_CHANGE if for_change else _MEMBERSHIP
    row: Any = connection.execute(
        statement, {"conversation_id": conversation_id, "user_id": user_id}
    ).first()
    if row is None:
        raise NotKnown("There is no such conversation.")
    return Membership(*row)
