"""Tables of the messages service."""

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from chassis.database import Base, greatest

_ZERO, _ONE = literal_column("0", Integer), literal_column("1", Integer)


class TimelineRow(Base):
    """The timeline of a conversation: its counters, and which epoch it knows."""

    __tablename__ = "timelines"

    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    epoch: Mapped[int]
    """Which change of the membership was the last to be brought in here."""
    last_seq: Mapped[int]
    """The sequence number of the newest message; 0 before the first."""
    rev: Mapped[int]
    """How often the timeline has changed."""
    last_activity_at: Mapped[int] = mapped_column(index=True)
    """Orders people's lists; see `next_activity`."""


def next_activity(
    conversation_id: ColumnElement[str], now: ColumnElement[int]
) -> ColumnElement[int]:
    """Return `last_activity_at` for what happens now, to be computed by the statement itself.

    The clock may have been set back, or be another machine's: what happens last is newest anyway.
    """
    every = aliased(TimelineRow)
    above = case((every.conversation_id == conversation_id, _ZERO), else_=_ONE)
    newest = select(every.last_activity_at + above).order_by(every.last_activity_at.desc())
    return greatest(now, func.coalesce(newest.limit(_ONE).scalar_subquery(), _ZERO))


class MemberRow(Base):
    """Somebody in a conversation, as far as epochs say."""

    __tablename__ = "members"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("timelines.conversation_id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]


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
