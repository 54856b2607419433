"""Reading one's notifications, and saying what one wants of them."""

from typing import Any, TypedDict, cast

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import rfc3339, rfc3339_or_none
from chassis.database import Database
from chassis.identity import Caller
from chassis.pages import Page, decode_cursor, encode_cursor
from chassis.replica import rereading
from chat.notifications.models import NotificationRow, PreferencesRow
from chat.notifications.telling import mark_read


class Notification(TypedDict):
    """A notification as the contract writes it."""

    id: str
    kind: str
    conversation_id: str
    message_id: str
    seq: int
    sender_id: str
    created_at: str
    read_at: str | None


class Notifications(Page[Notification]):
    """A page, and how many are unread in all."""

    unread: int


class Preferences(TypedDict):
    """What somebody wants. The address is not proven to be theirs: so it gets no texts."""

    mentions: bool
    direct: bool
    digest: bool
    email: str


class NotificationService:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rereading
    def list_of(
        self, caller: Caller, limit: int, cursor: str | None, *, unread: bool
    ) -> Notifications:
        """Return a page, the newest first; of all, or of the unread ones."""
        mine = NotificationRow.user_id == caller.user_id
        is_unread = NotificationRow.read_at.is_(None)
        asked = select(*_COLUMNS).where(mine).order_by(NotificationRow.id.desc()).limit(limit + 1)
        if unread:
            asked = asked.where(is_unread)
        if cursor is not None:
            asked = asked.where(NotificationRow.id < decode_cursor(cursor, [str])[0])
        with self._database.read(fresh_for=[caller.user_id], one_moment=True) as connection:
            rows = connection.execute(asked).all()
            count = connection.scalar(select(func.count()).where(mine, is_unread))
        return Notifications(
            items=[_document(row) for row in rows[:limit]],
            next_cursor=encode_cursor((rows[limit - 1].id,)) if len(rows) > limit else None,
            unread=count or 0,
        )

    def mark_read(self, caller: Caller, up_to: str) -> None:
        """Mark one as read, and all before it."""
        with self._database.write() as work:
            mark_read(work.connection, caller.user_id, NotificationRow.id <= up_to)

    @rereading
    def preferences(self, caller: Caller) -> Preferences:
        """Return what somebody has said, or the defaults."""
        wanted = select(*_WISHES).where(PreferencesRow.user_id == caller.user_id)
        with self._database.read(fresh_for=[caller.user_id]) as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return Preferences(mentions=True, direct=True, digest=True, email="")
        return cast(Preferences, dict(row._mapping))  # noqa: SLF001

    def prefer(self, caller: Caller, wishes: Preferences) -> None:
        """Take what somebody says in place of what they have said."""
        values = dict(wishes)
        with self._database.write() as work:
            work.connection.execute(
                insert(PreferencesRow)
                .values(user_id=caller.user_id, **values)
                .on_conflict_do_update(index_elements=["user_id"], set_=values)
            )


def forget(connection: Connection, user_id: str) -> None:
    """Delete what somebody has, and has said."""
    for table in (NotificationRow, PreferencesRow):
        connection.execute(delete(table).where(table.user_id == user_id))


_WISHES = [getattr(PreferencesRow, name) for name in Preferences.__annotations__]
_COLUMNS = [getattr(NotificationRow, name) for name in Notification.__annotations__]


def _document(row: Any) -> Notification:
    times = {"created_at": rfc3339(row.created_at), "read_at": rfc3339_or_none(row.read_at)}
    return cast(Notification, {**row._mapping, **times})  # noqa: SLF001
