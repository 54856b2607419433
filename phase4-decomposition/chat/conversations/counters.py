"""What happens to the counters of a conversation and of its members: for the timeline to call.

Each raises or moves in one statement and gives back what came out, so that nobody works with a
number that somebody else has changed since.
"""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, update

from chat.conversations.models import ConversationRow, MemberRow, next_activity


class Numbers(NamedTuple):
    """The place of a new message, and the rev of the timeline with it."""

    seq: int
    rev: int


_ADVANCE = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(
        last_seq=ConversationRow.last_seq + 1,
        rev=ConversationRow.rev + 1,
        last_activity_at=next_activity(bindparam("conversation"), bindparam("now")),
    )
    .returning(ConversationRow.last_seq, ConversationRow.rev)
)
_TOUCH = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation"))
    .values(rev=ConversationRow.rev + 1)
    .returning(ConversationRow.rev)
)
_READ_UP_TO = (
    update(MemberRow)
    .where(
        MemberRow.conversation_id == bindparam("conversation"),
        MemberRow.user_id == bindparam("reader"),
        MemberRow.read_seq < bindparam("seq"),
    )
    .values(read_seq=bindparam("seq"))
)
_READ_NEXT = _READ_UP_TO.where(MemberRow.read_seq == bindparam("seq") - 1)


def advance(connection: Connection, conversation_id: str, now: int) -> Numbers:
    """Take the next place in the timeline; `now` is in milliseconds."""
    row = connection.execute(_ADVANCE, {"conversation": conversation_id, "now": now}).one()
    return Numbers(*row)


def touch(connection: Connection, conversation_id: str) -> int:
    """Raise the conversation's rev for a change in place, and return it."""
    return connection.execute(_TOUCH, {"conversation": conversation_id}).scalar_one()


def read_up_to(connection: Connection, conversation_id: str, user_id: str, seq: int) -> bool:
    """Move how far a member has read forward to `seq`; return whether that was forward."""
    values = {"conversation": conversation_id, "reader": user_id, "seq": seq}
    return connection.execute(_READ_UP_TO, values).rowcount > 0


def read_next(connection: Connection, conversation_id: str, user_id: str, seq: int) -> None:
    """Move a member's marker to `seq` if they had read everything before it."""
    values = {"conversation": conversation_id, "reader": user_id, "seq": seq}
    connection.execute(_READ_NEXT, values)
