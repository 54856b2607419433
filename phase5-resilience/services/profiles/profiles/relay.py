"""`python -m profiles.relay`: brings events from the outbox of profiles to the broker."""

import sys

from chassis.messaging import relay
from chassis.messaging.settings import WorkerSettings
from events.topology import TOPOLOGY

if __name__ == "__main__":
    sys.exit(relay.main(WorkerSettings(), "profiles-relay", TOPOLOGY))
