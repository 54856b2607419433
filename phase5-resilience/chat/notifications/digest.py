"""Digests: one mail of all that somebody has not read for a while."""

from collections.abc import Sequence
from threading import Event
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, text

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.events import new_event
from chassis.work import Work

LOOK_EVERY = 2.0
"""Seconds."""

# Two at once: the second waits for the first, and finds these rows marked. A hundred people a turn.
_MARK = text("""
    UPDATE notifications SET mailed_at = :now
    WHERE read_at IS NULL AND mailed_at IS NULL AND user_id IN (
        SELECT user_id FROM notification_preferences AS wishes
        WHERE digest AND email <> '' AND EXISTS (
            SELECT FROM notifications
            WHERE user_id = wishes.user_id AND read_at IS NULL AND mailed_at IS NULL
            AND created_at <= :before
        ) LIMIT 100
    ) RETURNING user_id
""")
_ADDRESS = text("SELECT email FROM notification_preferences WHERE digest AND user_id = :user_id")
_WAITING = text("""
    SELECT conversation_id, count(*), array_agg(DISTINCT sender_id) FROM notifications
    WHERE user_id = :user_id AND mailed_at = :mailed_at AND read_at IS NULL
    GROUP BY conversation_id ORDER BY min(id)
""")

log = structlog.get_logger()


def ask_until_stopped(database: Database, after: float, stopping: Event) -> None:
    """Look again and again who is to be mailed; `after` is in seconds."""
    try:
        while not stopping.wait(LOOK_EVERY):
            try:
                with database.write() as work:
                    ask_for_due(work, int(after * 1000))
            except Unavailable as error:
                log.warning("digest.waits", reason=str(error))
    finally:
        stopping.set()  # after a mistake the process ends, too: it is started anew


def ask_for_due(work: Work, after_ms: int) -> None:
    """Mark what waits for people for whom something waits too long; ask for a mail to each.

    The event is a command, and the outbox makes one transaction of it and the mark.
    """
    now = now_ms()
    marked = work.connection.scalars(_MARK, {"now": now, "before": now - after_ms})
    for user_id in set(marked):
        work.announce(new_event("notification.digest_due", {"user_id": user_id, "mailed_at": now}))


class Waiting(NamedTuple):
    """What waits in one conversation."""

    conversation_id: str
    messages: int
    sender_ids: Sequence[str]


def still_waiting(
    connection: Connection, user_id: str, mailed_at: int
) -> tuple[str, list[Waiting]]:
    """Return the address that a digest goes to, or "", and what is in it: read since is not."""
    address = connection.scalar(_ADDRESS, {"user_id": user_id}) or ""
    found = connection.execute(_WAITING, {"user_id": user_id, "mailed_at": mailed_at})
    return address, [Waiting(*row) for row in found]
