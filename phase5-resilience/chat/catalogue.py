"""What the monolith tells others, and the schema of each topic."""

from chassis.messaging.outbox import Outbox
from chassis.messaging.schemas import Schemas
from chassis.messaging.settings import OutboxSettings
from chat.jobs.service import REQUESTED
from events import versions
from events.timelines import CHANGED

TOPICS = {
    CHANGED: "membership.changed",
    "read": "conversation.read",
    "notification.digest_due": "notification.digest_due",
    REQUESTED: "job.requested",
}


def schemas() -> Schemas:
    """Return what every producer promises, and every consumer expects."""
    return Schemas(versions.SCHEMAS, versions.UPCASTS)


def outbox(settings: OutboxSettings) -> Outbox:
    """Return where what the monolith tells is written down."""
    return Outbox(TOPICS, settings.outbox_max)
