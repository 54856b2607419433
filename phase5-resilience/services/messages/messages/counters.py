"""What happens to the counters of a timeline.

Each is raised in one statement that gives back what came out, so that nobody works with a number
that somebody else has changed since.
"""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, update

from messages.models import TimelineRow, next_activity


class Numbers(NamedTuple):
    """The place of a new message, the rev of the timeline with it, and that of its conversation."""

    seq: int
    rev: int
    last_activity_at: int


_ADVANCE = (
    update(TimelineRow)
    .where(TimelineRow.conversation_id == bindparam("conversation"))
    .values(
        last_seq=TimelineRow.last_seq + 1,
        rev=TimelineRow.rev + 1,
        last_activity_at=next_activity(bindparam("conversation"), bindparam("now")),
    )
    .returning(TimelineRow.last_seq, TimelineRow.rev, TimelineRow.last_activity_at)
)
_TOUCH = (
    update(TimelineRow)
    .where(TimelineRow.conversation_id == bindparam("conversation"))
    .values(rev=TimelineRow.rev + 1)
    .returning(TimelineRow.rev)
)


def advance(connection: Connection, conversation_id: str, now: int) -> Numbers:
    """Take the next place in the timeline; `now` is in milliseconds."""
    row = connection.execute(_ADVANCE, {"conversation": conversation_id, "now": now}).one()
    return Numbers(*row)


def touch(connection: Connection, conversation_id: str) -> int:
    """Raise the timeline's rev for a change in place, and return it."""
    return connection.execute(_TOUCH, {"conversation": conversation_id}).scalar_one()
