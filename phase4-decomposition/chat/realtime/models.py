"""Table of the realtime domain."""

from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class Ticket(Base):
    """Admits one socket of one login, once; kept as a hash."""

    __tablename__ = "tickets"

    ticket_hash: Mapped[bytes] = mapped_column(primary_key=True)
    login_id: Mapped[str]
    user_id: Mapped[str]
    expires_at: Mapped[int] = mapped_column(index=True)
