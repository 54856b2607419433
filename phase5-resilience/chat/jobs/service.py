"""Asking for jobs, and what has become of them."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import now_ms, rfc3339, rfc3339_or_none
from chassis.database import Database
from chassis.errors import Gone, NotFound, Unavailable
from chassis.events import new_event
from chassis.identity import Caller
from chassis.ids import new_id
from chat.jobs.models import JobRow, PartRow

if TYPE_CHECKING:  # who moves data needs no web framework
    from chat.accounts import Accounts

REQUESTED = "job.requested"


class ExportExpired(Gone):
    """What was exported has been deleted since."""

    slug = "export-expired"
    title = "Export expired"


class Job(TypedDict):
    """A job as the contract writes it."""

    id: str
    kind: str
    state: str
    progress: int
    size: int
    error: str | None
    created_at: str
    finished_at: str | None
    expires_at: str | None


class JobService:
    """Nobody learns of the jobs of others."""

    def __init__(self, database: Database, accounts: "Accounts") -> None:
        self._database = database
        self._accounts = accounts

    def export(self, caller: Caller) -> Job:
        """Have everything collected. An earlier export is gone: each person has room for one."""
        return self._request(caller, "export")

    def delete(self, caller: Caller, password: str, address: str) -> Job:
        """Have the account deleted; from now on nobody can log in, and nobody is any more.

        Errors: `InvalidInput` for a wrong password, `RateLimited` after too many.
        """
        self._accounts.confirm(caller, password, address)
        job = self._request(caller, "deletion")
        with suppress(Unavailable):  # the job begins with the same
            self._accounts.close(caller.user_id)
        return job

    def list_of(self, caller: Caller) -> list[Job]:
        """Return the caller's jobs, the latest first."""
        statement = select(JobRow.__table__).where(JobRow.user_id == caller.user_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(JobRow.id.desc())).all()
        return [document(row) for row in rows]

    def get(self, caller: Caller, job_id: str) -> Job:
        """Return one of the caller's jobs."""
        for job in self.list_of(caller):
            if job["id"] == job_id:
                return job
        raise NotFound("There is no such job.")

    def download(self, caller: Caller, job_id: str) -> tuple[Job, Iterator[bytes]]:
        """Return an export that is done, and its pieces; `ExportExpired` if it was there once."""
        job = self.get(caller, job_id)
        if job["kind"] != "export" or job["expires_at"] is None:
            raise NotFound("There is nothing to download.")
        if job["expires_at"] <= rfc3339(now_ms()):
            raise ExportExpired("The export has expired. Ask for a new one.")
        return job, self._parts(job_id)

    def _request(self, caller: Caller, kind: str) -> Job:
        user_id = caller.user_id
        with self._database.write() as work:
            same = (JobRow.user_id == user_id, JobRow.kind == kind)
            connection = work.connection
            connection.execute(delete(JobRow).where(*same, JobRow.finished_at.is_not(None)))
            values = {"id": new_id(), "user_id": user_id, "kind": kind, "created_at": now_ms()}
            values |= {"state": "queued", "progress": 0, "run": 0, "size": 0}
            added = connection.execute(
                insert(JobRow).values(values).on_conflict_do_nothing().returning(JobRow.id)
            ).first()
            if added is not None:
                work.announce(new_event(REQUESTED, {"job_id": added.id}))
            newest = select(JobRow.__table__).where(*same).order_by(JobRow.id.desc()).limit(1)
            return document(connection.execute(newest).one())

    def _parts(self, job_id: str) -> Iterator[bytes]:
        """Yield the pieces. If they go meanwhile, the answer is too short, and so not taken."""
        after: int | None = -1
        while after is not None:
            following = select(PartRow.part, PartRow.data).where(
                PartRow.job_id == job_id, PartRow.part > after
            )
            with self._database.read() as connection:
                row = connection.execute(following.order_by(PartRow.part).limit(1)).first()
            if row is not None:
                yield row.data
            after = row and row.part


def document(row: Any) -> Job:
    """Write a job down."""
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        progress=row.progress,
        size=row.size,
        error=row.error,
        created_at=rfc3339(row.created_at),
        finished_at=rfc3339_or_none(row.finished_at),
        expires_at=rfc3339_or_none(row.expires_at),
    )
