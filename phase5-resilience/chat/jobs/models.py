"""Tables of the jobs domain."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class JobRow(Base):
    """A job. Of a deletion this row outlives the account: it names an id that is nobody's."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_unfinished",
            "user_id",
            "kind",
            unique=True,
            postgresql_where="finished_at IS NULL",
        ),
        {"info": {"is_data": False}},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    state: Mapped[str]
    progress: Mapped[int]
    """Per cent."""
    run: Mapped[int]
    """How often it was begun: whoever comes with a lower number has been replaced."""
    size: Mapped[int]
    """Bytes that there are to download."""
    error: Mapped[str | None]
    created_at: Mapped[int]
    finished_at: Mapped[int | None]
    expires_at: Mapped[int | None]


class PartRow(Base):
    """A piece of an export, at most a mebibyte."""

    __tablename__ = "job_parts"
    __table_args__ = ({"info": {"is_data": False}},)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes]
