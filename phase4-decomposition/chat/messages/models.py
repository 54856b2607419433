"""Tables of the messages domain."""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class MessageRow(Base):
    """One entry of a timeline: a text somebody sent, or a notice."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sender_id", "client_id"),
        Index("ix_messages_rev", "conversation_id", "rev", unique=True),
    )

    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    rev: Mapped[int]
    """The conversation's rev when this message last changed."""
    kind: Mapped[str]
    sender_id: Mapped[str]
    client_id: Mapped[str | None]
    sent_hash: Mapped[bytes | None]
    """Hash of what was sent under `client_id`, to tell a resend from another message."""
    body: Mapped[str | None]
    reply_to: Mapped[str | None]
    notice: Mapped[str | None]
    """JSON."""
    created_at: Mapped[int]
    edited_at: Mapped[int | None]
    deleted_at: Mapped[int | None]


class ReactionRow(Base):
    """One person's emoji on one message."""

    __tablename__ = "reactions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "seq"],
            ["messages.conversation_id", "messages.seq"],
            ondelete="CASCADE",
        ),
    )

    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    rev: Mapped[int]
    """The conversation's rev when it was given; orders a message's reactions."""
