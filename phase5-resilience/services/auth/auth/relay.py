"""`python -m auth.relay`: brings events from auth's outbox to the broker."""

import sys

from chassis.messaging import relay
from chassis.messaging.settings import WorkerSettings
from events.topology import TOPOLOGY

if __name__ == "__main__":
    sys.exit(relay.main(WorkerSettings(), "auth-relay", TOPOLOGY))
