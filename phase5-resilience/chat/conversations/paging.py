"""A person's conversations page by page, those with the newest activity first."""

from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_

from chassis.pages import decode_cursor, encode_cursor
from chat.conversations.models import ConversationRow, MemberRow


class NewestFirst:
    """Reads pages of these columns, of `conversations` and of the person's rows in `members`.

    `id` and `last_activity_at` are among them: they are the key by which pages go on.
    """

    def __init__(self, *columns: Any) -> None:
        self._first = (
            select(*columns)
            .select_from(ConversationRow)
            .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
            .where(MemberRow.user_id == bindparam("user_id"))
            .order_by(ConversationRow.last_activity_at.desc(), ConversationRow.id.desc())
            .limit(bindparam("limit"))
        )
        self._next = self._first.where(
            tuple_(ConversationRow.last_activity_at, ConversationRow.id)
            < tuple_(bindparam("before"), bindparam("before_id"))
        )

    def page(
        self, connection: Connection, user_id: str, limit: int, cursor: str | None
    ) -> tuple[list[Any], str | None]:
        """Return at most `limit` rows, and the cursor of the next page if there is one."""
        values: dict[str, Any] = {"user_id": user_id, "limit": limit + 1}
        statement = self._first
        if cursor is not None:
            values["before"], values["before_id"] = decode_cursor(cursor, [int, str])
            statement = self._next
        rows = connection.execute(statement, values).all()
        page = list(rows[:limit])
        last = page[-1] if len(rows) > limit else None
        return page, encode_cursor((last.last_activity_at, last.id)) if last else None
