"""Tables of the conversations domain."""

from sqlalchemy import ColumnElement, ForeignKey, Index, Integer, case, func, literal_column, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from chassis.database import Base, greatest

_ZERO, _ONE = literal_column("0", Integer), literal_column("1", Integer)


class ConversationRow(Base):
    """A conversation, and how far its timeline is: a copy of what messages has, a little late."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[int]
    other_id: Mapped[str | None]
    """In a direct conversation: the person that `created_by` talks to."""
    member_count: Mapped[int]
    epoch: Mapped[int]
    """How often the membership or the name has changed since it came to this system."""
    last_seq: Mapped[int]
    """The sequence number of the newest message; 0 before the first."""
    rev: Mapped[int]
    """How often the timeline has changed."""
    last_activity_at: Mapped[int] = mapped_column(index=True)
    """Orders people's lists; see `next_activity`."""
    last_message: Mapped[str | None]
    """JSON: the preview. None, too, as long as nobody has asked messages since an import."""


def next_activity(
    conversation_id: ColumnElement[str], now: ColumnElement[int]
) -> ColumnElement[int]:
    """Return `last_activity_at` for what happens now, to be computed by the statement itself.

    The clock may have been set back, or be another machine's: what happens last is newest anyway.
    """
    every = aliased(ConversationRow)
    above = case((every.id == conversation_id, _ZERO), else_=_ONE)
    newest = select(every.last_activity_at + above).order_by(every.last_activity_at.desc())
    return greatest(now, func.coalesce(newest.limit(_ONE).scalar_subquery(), _ZERO))


class MemberRow(Base):
    """Somebody in a conversation, and how far they have read."""

    __tablename__ = "members"
    __table_args__ = (Index("ix_members_user_id", "user_id", "conversation_id"),)

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    joined_at: Mapped[int]
    read_seq: Mapped[int]


class ChangeRow(Base):
    """An epoch, for whoever has missed it."""

    __tablename__ = "membership_changes"
    __table_args__ = ({"info": {"is_data": False}},)

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[str]
    """JSON."""
