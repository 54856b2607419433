"""What profiles tells other services, and the schemas of what it hears."""

from pathlib import Path

import events
from chassis.messaging.outbox import Outbox
from chassis.messaging.schemas import Schemas
from chassis.messaging.settings import OutboxSettings

CHANGED = "profile.changed"
TOPICS = {CHANGED: CHANGED}


def outbox(settings: OutboxSettings) -> Outbox:
    """Return where it is written down."""
    return Outbox(TOPICS, settings.outbox_max)


def schemas() -> Schemas:
    """Return what every producer promises."""
    return Schemas(Path(events.__file__).parent / "schemas", {})
