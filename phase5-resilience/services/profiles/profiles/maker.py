"""`python -m profiles.maker`: makes the profiles that auth could not have made at once."""

import sys

from chassis.database import Database
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chassis.messaging.settings import WorkerSettings
from chassis.work import Work
from events.topology import PROFILES, TOPOLOGY
from profiles.catalogue import outbox, schemas
from profiles.service import create


def registered(work: Work, event: CloudEvent) -> None:
    """Make the profile of somebody who is new, unless there is one."""
    person = event["data"]
    create(
        work,
        person["user_id"],
        person["username"],
        person.get("display_name") or person["username"],
    )


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = WorkerSettings(database_connections=1)
    consumer = Consumer(
        PROFILES,
        registered,
        database=Database(settings, outbox=outbox(settings)),
        broker=settings.parameters(PROFILES),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped("profile-maker", settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
