"""`python -m chat.consumers.profiles`: makes the profiles that auth could not have made at once."""

import sys

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chassis.messaging.settings import WorkerSettings
from chat.catalogue import schemas
from chat.profiles.internal import registered
from events.topology import PROFILES, TOPOLOGY


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = WorkerSettings(database_connections=1)
    consumer = Consumer(
        PROFILES,
        registered,
        database=Database(settings),
        broker=settings.parameters(PROFILES),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped(settings.log_level, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
