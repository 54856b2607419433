"""The table of the activity feed."""

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class ActivityRow(Base):
    """That something happened, and not what was said; never changed."""

    __tablename__ = "activity"
    __table_args__ = ({"info": {"is_data": False}},)

    event_id: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str]
    conversation_id: Mapped[str | None]
    rev: Mapped[int | None]
    occurred_at: Mapped[str]
    recorded: Mapped[int] = mapped_column(Identity(always=True), unique=True)
