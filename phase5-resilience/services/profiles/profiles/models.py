"""Table of the profiles domain."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class ProfileRow(Base):
    """A person as others see them."""

    __tablename__ = "profiles"
    __table_args__ = (
        Index(
            "ix_profiles_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    user_id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(index=True)
    display_name: Mapped[str]
    bio: Mapped[str]
    search_text: Mapped[str]
    """Username and display name as they are compared, with a space before each word."""
    created_at: Mapped[int]
    updated_at: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="1")
    """Grows with each change: of two that were heard of, the higher one is true."""
