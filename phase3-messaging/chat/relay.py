"""`python -m chat.relay`: brings events from the outbox to the broker."""

import sys

from chassis.messaging.process import until_stopped
from chassis.messaging.relay import Relay
from chat.settings import WorkerSettings
from chat.topology import TOPOLOGY


def main() -> int:
    """Relay until stopped; return the exit code."""
    settings = WorkerSettings()
    database = settings.address(settings.database_url).set(drivername="postgresql")
    relay = Relay(
        database.render_as_string(hide_password=False),
        settings.parameters("relay"),
        TOPOLOGY,
        settings.outbox_keep,
    )
    return until_stopped(settings.log_level, relay.run)


if __name__ == "__main__":
    sys.exit(main())
