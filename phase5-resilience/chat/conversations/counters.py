"""How far members have read: each move is one statement, and none goes back."""

from sqlalchemy import Connection, bindparam, update

from chat.conversations.models import MemberRow

_READ_UP_TO = (
    update(MemberRow)
    .where(
        MemberRow.conversation_id == bindparam("conversation"),
        MemberRow.user_id == bindparam("reader"),
        MemberRow.read_seq < bindparam("seq"),
    )
    .values(read_seq=bindparam("seq"))
)
_READ_NEXT = _READ_UP_TO.where(MemberRow.read_seq == bindparam("seq") - 1)


def read_up_to(connection: Connection, conversation_id: str, user_id: str, seq: int) -> bool:
    """Move how far a member has read forward to `seq`; return whether that was forward."""
    values = {"conversation": conversation_id, "reader": user_id, "seq": seq}
    return connection.execute(_READ_UP_TO, values).rowcount > 0


def read_next(connection: Connection, conversation_id: str, user_id: str, seq: int) -> None:
    """Move a member's marker to `seq` if they had read everything before it."""
    values = {"conversation": conversation_id, "reader": user_id, "seq": seq}
    connection.execute(_READ_NEXT, values)
