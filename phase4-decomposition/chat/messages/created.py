"""What the messages themselves remember of `message.created`, long after the event is gone."""

from typing import Any

from sqlalchemy import Select, case, func, select

from chat.messages.models import MessageRow


def creations() -> Select[Any]:
    """Return a query: of each message the event that it was created.

    `event_id` (see `message_event`), `conversation_id`, `rev`, `occurred_at` and, to be sorted by,
    `at` and `seq`: the clock may have been set back, but messages come in the order of their seq.
    `rev` is None if the message, or one before it, has changed since: a message knows the last
    only. Where none has, it is the seq, and where it is the seq, none has.
    """
    row = MessageRow
    latest = func.max(row.created_at).over(partition_by=row.conversation_id, order_by=row.seq)
    return select(
        row.id.label("event_id"),
        row.conversation_id,
        case((row.rev == row.seq, row.rev)).label("rev"),
        _written(row.created_at).label("occurred_at"),
        _written(latest).label("at"),
        row.seq,
    )


def _written(moment: Any) -> Any:
    """Return a time as `chassis.clock.rfc3339` writes it; its order is that of time."""
    moment = func.timezone("UTC", func.to_timestamp(moment / 1000.0))
    return func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
