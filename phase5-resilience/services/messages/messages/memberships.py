"""`python -m messages.memberships`: hears who comes and goes, and brings it into timelines.

Whoever changes a membership tells messages at once; this is for when it could not be reached.
"""

import sys
from typing import cast

from chassis.database import Database
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chassis.messaging.schemas import Schemas
from chassis.work import Work
from events.timelines import Change
from events.topology import MEMBERSHIPS, TOPOLOGY
from events.versions import SCHEMAS, UPCASTS
from messages.catalogue import outbox
from messages.conversations import Conversations, calls_to
from messages.epochs import Epochs
from messages.settings import ConsumerSettings


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = ConsumerSettings(database_connections=1)
    database = Database(settings, outbox=outbox(settings))
    calls = calls_to(
        "chat", settings.conversations_url, settings.auth_url, settings.client_secret_file
    )
    epochs = Epochs(database, Conversations(calls))

    def hear(work: Work, event: CloudEvent) -> None:
        epochs.hear(work, event["subject"], cast(Change, event["data"]))

    consumer = Consumer(
        MEMBERSHIPS,
        hear,
        database=database,
        broker=settings.parameters(MEMBERSHIPS),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=Schemas(SCHEMAS, UPCASTS),
    )
    return until_stopped(MEMBERSHIPS, settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
