"""Conversations for those who go through all that a person has to do with."""

from typing import Any

from sqlalchemy import Connection, select

from chassis.clock import rfc3339
from chat.conversations.models import ConversationRow, MemberRow


def places_after(
    connection: Connection, after: str, limit: int, *, user_id: str
) -> list[dict[str, Any]]:
    """Return the conversations that a person is in, with what is theirs alone, by id."""
    places = (
        select(
            ConversationRow.id,
            ConversationRow.kind,
            ConversationRow.name,
            MemberRow.role,
            MemberRow.joined_at,
            MemberRow.read_seq,
        )
        .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
        .where(MemberRow.user_id == user_id, MemberRow.conversation_id > after)
        .order_by(MemberRow.conversation_id)
        .limit(limit)
    )
    rows = connection.execute(places).mappings()
    return [{**row, "joined_at": rfc3339(row["joined_at"])} for row in rows]
