"""Making the feed anew from the messages, when entries are missing or wrong.

That messages were created is made anew, all of it: also what an import has brought, and what went
by while the consumer was off. Of everything else the feed keeps what it has, and what it has not is
gone. No table remembers what a group was called before, how far somebody had read when, or which
reaction was taken back; and what the outbox knew it has forgotten after some minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Insert,
    MetaData,
    Select,
    Table,
    Text,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
)

from chassis.messaging import inbox
from chassis.work import Work
from chat.activity.models import ActivityRow
from chat.activity.service import KEPT

CREATED = "conversation.message.created"
# Nobody deals with an event meanwhile. In the order in which a consumer comes to them: else each of
# the two could have what the other waits for.
_LOCK = "LOCK TABLE inbox, activity IN SHARE ROW EXCLUSIVE MODE"
_MADE = Table(
    "creations",
    MetaData(),
    Column("event_id", Text(collation="C")),
    Column("conversation_id", Text(collation="C")),
    Column("seq", BigInteger),
    Column("rev", BigInteger),
    Column("created_at", BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_COLUMNS = ("event_id", "topic", "conversation_id", "rev", "occurred_at")


def rebuild(work: Work, consumer: str, creations: Iterable[Sequence[Mapping[str, Any]]]) -> int:
    """Make the feed anew, beside its running consumer; return how many messages it tells of.

    `creations` are pages of what the messages themselves remember: `event_id`, `conversation_id`,
    `seq`, `rev` and `created_at`, by conversation and seq.

    One transaction: killed in the middle, it has changed nothing. What the feed tells of by then is
    noted as dealt with, in case that its event is still to come. It costs a pass over all messages,
    in which every consumer waits; who sends does not, and who reads the feed sees the old one.
    """
    work.connection.exec_driver_sql(_LOCK)
    _MADE.create(work.connection)
    for page in creations:  # asked for by now: what was told of before is among them
        work.connection.execute(insert(_MADE), page)
    work.connection.execute(_anew())
    ours = ActivityRow.topic == CREATED
    inbox.note(work.connection, consumer, select(ActivityRow.event_id).where(ours))
    return work.connection.scalar(select(func.count()).where(ours)) or 0


def _anew() -> Insert:
    """Return the statement that replaces all entries, in the order of their times."""
    gone = delete(ActivityRow).returning(*ActivityRow.__table__.c).cte("gone")
    made = _creations().subquery()
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


def _creations() -> Select[Any]:
    """Return a query: of each message the event that it was created.

    `at` and `seq` are to sort by: the clock may have been set back, but messages come in the order
    of their seq.
    """
    row = _MADE.c
    latest = func.max(row.created_at).over(partition_by=row.conversation_id, order_by=row.seq)
    return select(
        row.event_id,
        row.conversation_id,
        row.rev,
        _written(row.created_at).label("occurred_at"),
        _written(latest).label("at"),
        row.seq,
    )


def _written(moment: Any) -> Any:
    """Return a time as `chassis.clock.rfc3339` writes it; its order is that of time."""
    moment = func.timezone("UTC", func.to_timestamp(moment / 1000.0))
    return func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')


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
