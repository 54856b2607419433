"""`python -m chat.relay`: brings events from the outbox to the broker."""

import sys

from chassis.messaging.process import until_stopped
from chassis.messaging.relay import Relay
from chat.settings import WorkerSettings
from chat.topology import TOPOLOGY


def main() -> int:
    """Relay until stopped; return the exit code."""
    settings = WorkerSettings()
    relay = Relay(
        settings.libpq_address(),
        settings.parameters("relay"),
        TOPOLOGY.without(settings.subscribers_off),
        settings.outbox_keep,
    )
    return until_stopped(settings.log_level, relay.run)


if __name__ == "__main__":
    sys.exit(main())
