"""Tables of the conversations domain."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class ConversationRow(Base):
    """A conversation and the two counters of its timeline."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[int]
    other_id: Mapped[str | None]
    """In a direct conversation: the person that `created_by` talks to."""
    member_count: Mapped[int]
    last_seq: Mapped[int]
    """The sequence number of the newest message; 0 before the first."""
    rev: Mapped[int]
    """How often the timeline has changed."""
    last_activity_at: Mapped[int]


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
