"""Tables of the notifications domain."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class NotificationRow(Base):
    """That a message is meant for somebody; derived from events, hence no data of its own."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("message_id", "user_id"),
        Index("ix_notifications_user_id", "user_id", "id"),
        Index(
            "ix_notifications_unread",
            "user_id",
            "conversation_id",
            postgresql_where="read_at IS NULL",
        ),
        {"info": {"is_data": False}},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """A UUIDv7: in the order of time."""
    user_id: Mapped[str]
    kind: Mapped[str]
    conversation_id: Mapped[str]
    message_id: Mapped[str]
    seq: Mapped[int]
    sender_id: Mapped[str]
    created_at: Mapped[int]
    read_at: Mapped[int | None]
    mailed_at: Mapped[int | None]
    """When the digest that tells of it was asked for."""


class PreferencesRow(Base):
    """What somebody wants to be notified of, and where. Who has no row has the defaults."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    mentions: Mapped[bool]
    direct: Mapped[bool]
    digest: Mapped[bool]
    email: Mapped[str]
    """Empty where there is none."""
