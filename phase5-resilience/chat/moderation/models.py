"""Table of the moderation domain."""

from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class ActionRow(Base):
    """What a moderator did, to whom, and why; never changed and never deleted."""

    __tablename__ = "moderation_actions"

    id: Mapped[str] = mapped_column(primary_key=True)
    """A UUIDv7: in the order of time."""
    actor_id: Mapped[str]
    action: Mapped[str]
    user_id: Mapped[str]
    """Whom it concerns: the account, or who had sent the message."""
    message_id: Mapped[str | None]
    reason: Mapped[str]
    created_at: Mapped[int]
