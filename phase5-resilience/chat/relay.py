"""`python -m chat.relay`: brings events from the outbox to the broker."""

import sys

from chassis.messaging import relay
from chassis.messaging.settings import WorkerSettings
from events.topology import TOPOLOGY

if __name__ == "__main__":
    sys.exit(relay.main(WorkerSettings(), "relay", TOPOLOGY))
