"""Table of the people domain."""

from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class PersonRow(Base):
    """Somebody, as the profile service has told of them last."""

    __tablename__ = "people"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(index=True)
    display_name: Mapped[str]
    version: Mapped[int]
    """Of the profile; 0 while it may still have to be made."""
    deleted: Mapped[bool]
