"""The copy of how far timelines are, which lists are made of.

Events of messages keep it up to date, some milliseconds late. Whoever has just written is not to
wait for that: what they wrote is known (`chassis.cache.own_writes`), and where the copy is behind
it, messages is asked. Every way here can be gone twice, and in any order: a rev that has been
copied is not replaced by an older one.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter

import structlog
from sqlalchemy import Connection, bindparam, select, update

from chassis import context
from chassis.cache.own_writes import OwnWrites, Wrote
from chassis.database import Database, greatest
from chassis.errors import ReadOnly, StorageFull, Unavailable
from chassis.limits import BATCH_MAX
from chat.conversations.counters import read_next, read_up_to
from chat.conversations.models import ConversationRow, MemberRow
from chat.conversations.neighbours import Timelines
from events.timelines import Change, Message, Preview, Standing

_COPY = (
    update(ConversationRow)
    .where(
        ConversationRow.id == bindparam("conversation_id"), ConversationRow.rev <= bindparam("at")
    )
    .values(
        rev=bindparam("at"),
        last_seq=bindparam("seq"),
        last_activity_at=greatest(ConversationRow.last_activity_at, bindparam("active_at")),
        last_message=bindparam("preview"),
    )
)

log = structlog.get_logger()


class Lists:
    """Keeps the copy, beside the consumer of events."""

    def __init__(self, database: Database, timelines: Timelines, own_writes: OwnWrites) -> None:
        self._database = database
        self._timelines = timelines
        self._own_writes = own_writes

    def bring(self, conversation_id: str, changes: Sequence[Change]) -> None:
        """Have changes that are committed brought into the timeline, and copy what came of it.

        Never fails: the events of these changes come to the same, somewhat later.
        """
        try:
            for change in changes:
                standing = self._timelines.bring(conversation_id, change)
                self._copy([standing], noticed=True)
        except Unavailable as error:
            log.warning("change.later", conversation_id=conversation_id, reason=str(error))
            context.degrade("messages")
        except Exception:
            log.exception("change.later", conversation_id=conversation_id)
            context.degrade("messages")

    def fresh_for(self, user_id: str, page: Callable[[], Sequence[str]]) -> Collection[str] | None:
        """Copy what somebody has just written; return for whom their lists must be fresh.

        `page` reads which conversations they are about to see: all of these, if nobody knows what
        they wrote. For `database.read`; None: it must be the primary.
        """
        wrote = self._own_writes.of(user_id)
        if wrote is None:
            self.catch_up(page(), user_id)
            return None
        if not wrote:
            return [user_id]
        if behind := self._behind(user_id, wrote):
            self.catch_up(behind)
            with suppress(ReadOnly, StorageFull), self._database.write() as work:
                for one in sorted(behind):
                    read_up_to(work.connection, one, user_id, wrote[one].seq)
        return None

    def catch_up(self, conversation_ids: Sequence[str], sender_id: str = "") -> bool:
        """Copy how far these are; return whether messages has said. Who has sent has read."""
        found: list[Standing] = []
        try:
            for first in range(0, len(conversation_ids), BATCH_MAX):
                found += self._timelines.standings(conversation_ids[first : first + BATCH_MAX])
        except Unavailable as error:
            log.warning("lists.behind", reason=str(error))
            context.degrade("messages")
            return False
        if news := self._news(found) if found else []:
            with suppress(ReadOnly, StorageFull):
                self._copy(news, sender_id=sender_id)
        return True

    def _copy(
        self, standings: Sequence[Standing], *, noticed: bool = False, sender_id: str = ""
    ) -> None:
        with self._database.write() as work:
            # Always in the same order: nobody waits for somebody who waits for them.
            for one in sorted(standings, key=itemgetter("conversation_id")):
                copy(work.connection, one)
                last = one["last_message"]
                if last and (noticed or last["sender_id"] == sender_id):
                    move_markers(work.connection, one["conversation_id"], last)

    def _news(self, standings: Sequence[Standing]) -> list[Standing]:
        """Return those that say more than the copy does."""
        copied = select(ConversationRow.id, ConversationRow.rev, ConversationRow.last_message)
        asked = copied.where(ConversationRow.id.in_([one["conversation_id"] for one in standings]))
        with self._database.read() as connection:
            rows = {row.id: row for row in connection.execute(asked)}
        return [
            one
            for one in standings
            if (row := rows.get(one["conversation_id"]))
            and (one["rev"] > row.rev or (one["last_message"] and row.last_message is None))
        ]

    def _behind(self, user_id: str, wrote: Mapping[str, Wrote]) -> list[str]:
        copied = (
            select(ConversationRow.id, ConversationRow.rev, MemberRow.read_seq)
            .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
            .where(MemberRow.user_id == user_id, ConversationRow.id.in_(wrote))
        )
        with self._database.read() as connection:
            rows = connection.execute(copied).all()
        return [
            row.id
            for row in rows
            if row.rev < wrote[row.id].rev or row.read_seq < wrote[row.id].seq
        ]


def copy(connection: Connection, standing: Standing) -> None:
    """Copy how far a timeline is, if that is not older than what is there."""
    last = standing["last_message"]
    values = {
        "conversation_id": standing["conversation_id"],
        "at": standing["rev"],
        "seq": standing["last_seq"],
        "active_at": standing["last_activity_at"],
        "preview": last and json.dumps(last),
    }
    connection.execute(_COPY, values)


def move_markers(connection: Connection, conversation_id: str, sent: Message | Preview) -> None:
    """Move how far people have read, by what has been sent; again changes nothing.

    Whoever sends has read all; whose notice it is, if they had read all before it. Who is added
    begins there.
    """
    notice = sent["notice"]
    if notice is None:
        read_up_to(connection, conversation_id, sent["sender_id"], sent["seq"])
        return
    read_next(connection, conversation_id, sent["sender_id"], sent["seq"])
    if notice["action"] == "members_added":
        for user_id in notice["user_ids"]:
            read_up_to(connection, conversation_id, user_id, sent["seq"] - 1)
