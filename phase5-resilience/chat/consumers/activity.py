"""`python -m chat.consumers.activity`: writes down what happened."""

import sys

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chassis.messaging.settings import WorkerSettings
from chat.activity.service import record
from chat.catalogue import schemas
from events.topology import ACTIVITY, TOPOLOGY


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = WorkerSettings(database_connections=1)
    consumer = Consumer(
        ACTIVITY,
        record,
        database=Database(settings),
        broker=settings.parameters(ACTIVITY),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped(ACTIVITY, settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
