"""Removing messages and suspending accounts; each leaves a line in the trail."""

from typing import Any, TypedDict, cast

from sqlalchemy import Connection, insert, select

from chassis.clock import now_ms, rfc3339
from chassis.database import Database
from chassis.identity import Caller
from chassis.ids import new_id
from chassis.pages import decode_cursor, encode_cursor
from chassis.work import Work
from chat.accounts import Accounts
from chat.moderation.models import ActionRow
from chat.timelines import Timelines

_ROW = ActionRow.__table__.c


class Action(TypedDict):
    """A line of the trail."""

    id: str
    actor_id: str
    action: str
    user_id: str
    message_id: str | None
    reason: str
    created_at: str


class ModerationService:
    """Each method asks auth in the moderator's name, and then writes the line.

    A role counts as it is now, not as a token says.
    """

    def __init__(self, database: Database, accounts: Accounts, timelines: Timelines) -> None:
        self._database = database
        self._accounts = accounts
        self._timelines = timelines

    def remove_message(
        self, caller: Caller, conversation_id: str, message_id: str, reason: str
    ) -> Action:
        """Leave a tombstone, in any conversation; again changes nothing but the trail.

        Killed between the two it has left none there: whoever had no answer does it again.
        """
        self._accounts.require_role(caller, "moderator")
        sender_id = self._timelines.remove(caller, conversation_id, message_id)
        with self._database.write() as work:
            return _note(work, caller, "remove-message", sender_id, reason, message_id)

    def suspend(self, caller: Caller, user_id: str, reason: str) -> Action:
        """End every login of somebody of a lower role, and let them begin no other."""
        self._accounts.suspend(caller, user_id)
        with self._database.write() as work:
            return _note(work, caller, "suspend", user_id, reason)

    def restore(self, caller: Caller, user_id: str, reason: str) -> Action:
        """Let somebody log in again."""
        self._accounts.restore(caller, user_id)
        with self._database.write() as work:
            return _note(work, caller, "restore", user_id, reason)

    def give_role(self, caller: Caller, user_id: str, role: str, reason: str) -> Action:
        """Say what somebody may do, from their next access token on."""
        self._accounts.give_role(caller, user_id, role)
        with self._database.write() as work:
            return _note(work, caller, f"role-{role}", user_id, reason)

    def trail(
        self, caller: Caller, limit: int, cursor: str | None
    ) -> tuple[list[Action], str | None]:
        """Return what was done, the latest first, and the cursor of what was done before."""
        statement = select(*_ROW).order_by(_ROW.id.desc()).limit(limit + 1)
        if cursor is not None:
            statement = statement.where(_ROW.id < decode_cursor(cursor, [str])[0])
        self._accounts.require_role(caller, "moderator")
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        more = encode_cursor((rows[limit - 1].id,)) if len(rows) > limit else None
        return [_document(row) for row in rows[:limit]], more


def actions_after(
    connection: Connection, after: str, limit: int, *, user_id: str
) -> list[dict[str, Any]]:
    """Return what was done to somebody, but not by whom."""
    done = select(_ROW.id, _ROW.action, _ROW.message_id, _ROW.reason, _ROW.created_at)
    concerned = done.where(_ROW.user_id == user_id, _ROW.id > after)
    rows = connection.execute(concerned.order_by(_ROW.id).limit(limit)).mappings()
    return [{**row, "created_at": rfc3339(row["created_at"])} for row in rows]


def _note(
    work: Work,
    caller: Caller,
    action: str,
    user_id: str,
    reason: str,
    message_id: str | None = None,
) -> Action:
    row = (new_id(), caller.user_id, action, user_id, message_id, reason, now_ms())
    done = work.connection.execute(insert(ActionRow).values(row).returning(*_ROW)).one()
    return _document(done)


def _document(row: Any) -> Action:
    return cast(Action, {**row._mapping, "created_at": rfc3339(row.created_at)})  # noqa: SLF001
