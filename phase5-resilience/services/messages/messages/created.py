"""What the messages themselves remember of `message.created`, long after the event is gone."""

from typing import Any

from sqlalchemy import Connection, case, select, tuple_

from messages.models import MessageRow

PAGE = 1000


def created_after(connection: Connection, conversation_id: str, seq: int) -> list[dict[str, Any]]:
    """Return of the next messages the events that they were created, by conversation and seq.

    `event_id` (see `created_event`), `conversation_id`, `seq`, `rev`, and `created_at` in
    milliseconds. `rev` is None if the message, or one before it, has changed since: a message knows
    the last only. Where none has, it is the seq, and where it is the seq, none has.
    """
    row = MessageRow
    place = tuple_(row.conversation_id, row.seq)
    statement = (
        select(
            row.id.label("event_id"),
            row.conversation_id,
            row.seq,
            case((row.rev == row.seq, row.rev)).label("rev"),
            row.created_at,
        )
        .where(place > (conversation_id, seq))
        .order_by(row.conversation_id, row.seq)
        .limit(PAGE)
    )
    return [dict(one) for one in connection.execute(statement).mappings()]
