"""A job that is being done: its row says who does it, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, update

from chassis.clock import now_ms
from chassis.work import Work
from chat.jobs.models import JobRow


class Superseded(Exception):
    """Somebody else does it by now, or it is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt. Whoever has begun a later one has taken the job away from it."""

    job_id: str
    number: int
    kind: str
    user_id: str
    requested_at: int

    def advance(self, work: Work, done: float) -> None:
        """Note, with the step that is being committed, which part of the whole is done.

        Errors: `Superseded`, so that no step of two at once is ever committed.
        """
        self._note(work.connection, {"progress": min(int(100 * done), 99)})

    def finish(self, work: Work, **values: Any) -> None:
        """Note that it is done."""
        now = now_ms()
        self._note(work.connection, {"state": "done", "progress": 100, "finished_at": now} | values)

    def fail(self, work: Work) -> None:
        """Note that nothing will come of it; what was in the way stands in the log."""
        values = {"state": "failed", "finished_at": now_ms(), "error": "It could not be finished."}
        self._note(work.connection, values)

    def _note(self, connection: Connection, values: Mapping[str, Any]) -> None:
        mine = (JobRow.id == self.job_id, JobRow.run == self.number, JobRow.state == "running")
        if not connection.execute(update(JobRow).where(*mine).values(values)).rowcount:
            raise Superseded


def begin(connection: Connection, job_id: str) -> Run | None:
    """Take a job; None if it is done, or gone. What had failed is tried again."""
    taken = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.state != "done")
        .values(state="running", run=JobRow.run + 1, error=None, finished_at=None)
        .returning(JobRow.id, JobRow.run, JobRow.kind, JobRow.user_id, JobRow.created_at)
    )
    row = connection.execute(taken).first()
    return Run(*row) if row is not None else None
