"""What auth tells other services."""

from chassis.identity import LOGINS_ENDED
from chassis.messaging.outbox import Outbox
from chassis.messaging.settings import OutboxSettings

REGISTERED = "user.registered"
TOPICS = {LOGINS_ENDED: "account.logins_ended", REGISTERED: "user.registered"}


def outbox(settings: OutboxSettings) -> Outbox:
    """Return where it is written down."""
    return Outbox(TOPICS, settings.outbox_max)
