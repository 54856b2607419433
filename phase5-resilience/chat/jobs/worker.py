"""Doing jobs: each in many short transactions, so that one can be killed and begun again."""

from collections.abc import Callable, Iterator, Mapping

import structlog

from chassis.database import Database
from chassis.errors import Unavailable
from chassis.messaging.cloudevents import CloudEvent
from chat.jobs.run import Run, Superseded, begin

Do = Callable[[Run], Iterator[None]]

log = structlog.get_logger()


class JobWorker:
    """Does jobs, each kind in its own way."""

    def __init__(self, database: Database, ways: Mapping[str, Do]) -> None:
        self._database = database
        self._ways = ways

    def steps(self, event: CloudEvent) -> Iterator[None]:
        """Do what was asked for, unless that is done; for a `StepsConsumer`."""
        with self._database.write() as work:
            run = begin(work.connection, event["data"]["job_id"])
        if run is None:
            return
        log.info("job.begins", job=run.job_id, kind=run.kind, run=run.number)
        try:
            yield from self._ways[run.kind](run)
        except Superseded:
            log.info("job.superseded", job=run.job_id, run=run.number)
        except Unavailable:
            raise
        except Exception:
            with self._database.write() as work:
                run.fail(work)
            raise
        else:
            log.info("job.done", job=run.job_id)
