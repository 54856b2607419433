"""The readers of events without a broker in between: they read when a test says so."""

from brokers import rows
from pika import URLParameters

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.outbox import Outbox
from chat.catalogue import TOPICS, schemas
from chat.consumers.mail import Mailer
from chat.notifications.digest import ask_for_due
from chat.notifications.telling import tell
from chat.settings import MailSettings
from events.topology import MAIL, NOTIFICATIONS, TOPOLOGY

SENT = "SELECT event FROM outbox WHERE topic = ANY(%s) ORDER BY id"


class Readers:
    """What the processes do about events; here somebody else says when."""

    def __init__(self, url: str, smtp: str) -> None:
        self.url = url
        settings = MailSettings.model_validate({"database_url": url, "smtp": smtp})
        self.database = Database(settings, outbox=Outbox(TOPICS, 100_000))
        self.mailer = Mailer(settings)
        self._handles = {NOTIFICATIONS: tell, MAIL: self.mailer.send}

    def hear(self, queue: str = NOTIFICATIONS) -> int:
        """Have one of them read all events that there ever were for it; return how many."""
        consumer = Consumer(
            queue,
            self._handles[queue],
            database=self.database,
            broker=URLParameters("amqp://127.0.0.1:1"),
            topology=TOPOLOGY,
            schemas=schemas(),
        )
        events, known = self.events(queue), schemas()
        for event in events:
            consumer._once(known.read(event.encode()))
        return len(events)

    def events(self, queue: str) -> list[str]:
        """Return all events that there ever were for a queue."""
        (found,) = [one for one in TOPOLOGY.queues if one.name == queue]
        return [event for (event,) in rows(self.url, SENT, list(found.keys))]

    def ask_for_due(self, after_ms: int = 0) -> None:
        """Have those mailed who have not read for so long."""
        with self.database.write() as work:
            ask_for_due(work, after_ms)
