"""`python -m chat.consumers.notifications`: notifies people, and has those mailed who are away."""

import sys
from threading import Event, Thread

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chat.catalogue import outbox, schemas
from chat.notifications.digest import ask_until_stopped
from chat.notifications.telling import tell
from chat.settings import MailSettings
from events.topology import NOTIFICATIONS, TOPOLOGY


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = MailSettings(database_connections=2)
    database = Database(settings, outbox=outbox(settings))
    consumer = Consumer(
        NOTIFICATIONS,
        tell,
        database=database,
        broker=settings.parameters(NOTIFICATIONS),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )

    def run(stopping: Event) -> None:
        given = (database, settings.digest_after, stopping)
        Thread(target=ask_until_stopped, args=given, daemon=True).start()
        consumer.run(stopping)

    return until_stopped(NOTIFICATIONS, settings, run)


if __name__ == "__main__":
    sys.exit(main())
