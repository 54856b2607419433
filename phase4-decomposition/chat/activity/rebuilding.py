"""Making the feed anew from the database, when entries are missing or wrong.

That messages were created is made anew, all of it: also what an import has brought, and what went
by while the consumer was off. Of everything else the feed keeps what it has, and what it has not is
gone. No table remembers what a group was called before, how far somebody had read when, or which
reaction was taken back; and what the outbox knew it has forgotten after some minutes.
"""

from typing import Any

from sqlalchemy import Insert, Select, delete, func, insert, literal, select, union_all

from chassis.messaging import inbox
from chassis.work import Work
from chat.activity.models import ActivityRow
from chat.activity.service import KEPT
from chat.messages.created import creations

CREATED = "conversation.message.created"
# Nobody deals with an event meanwhile. In the order in which a consumer comes to them: else each of
# the two could have what the other waits for.
_LOCK = "LOCK TABLE inbox, activity IN SHARE ROW EXCLUSIVE MODE"
_COLUMNS = ("event_id", "topic", "conversation_id", "rev", "occurred_at")


def rebuild(work: Work, consumer: str) -> int:
    """Make the feed anew, beside its running consumer; return how many messages it tells of.

    One transaction: killed in the middle, it has changed nothing. What the feed tells of by then is
    noted as dealt with, in case that its event is still to come. It costs a pass over all messages,
    in which every consumer waits; who sends does not, and who reads the feed sees the old one.
    """
    work.connection.exec_driver_sql(_LOCK)
    work.connection.execute(_anew())
    ours = ActivityRow.topic == CREATED
    inbox.note(work.connection, consumer, select(ActivityRow.event_id).where(ours))
    return work.connection.scalar(select(func.count()).where(ours)) or 0


def _anew() -> Insert:
    """Return the statement that replaces all entries, in the order of their times."""
    gone = delete(ActivityRow).returning(*ActivityRow.__table__.c).cte("gone")
    made = creations().subquery()
    every = union_all(
        _entries(gone, gone.c.topic, gone.c.occurred_at, gone.c.recorded).where(
            gone.c.topic != CREATED
        ),
        _entries(made, literal(CREATED), made.c["at"], made.c.seq),
    ).subquery()
    newest = select(every).order_by(every.c["at"].desc(), every.c.place.desc()).limit(KEPT)
    kept = newest.subquery()
    entries = select(*(kept.c[name] for name in _COLUMNS)).order_by(kept.c["at"], kept.c.place)
    return insert(ActivityRow).from_select(_COLUMNS, entries).add_cte(gone)


def _entries(rows: Any, topic: Any, at: Any, place: Any) -> Select[Any]:
    return select(
        rows.c.event_id,
        topic.label("topic"),
        rows.c.conversation_id,
        rows.c.rev,
        rows.c.occurred_at,
        at.label("at"),
        place.label("place"),
    )
