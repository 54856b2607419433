"""What the broker holds for this system. Whoever starts first declares it."""

from chassis.messaging.topology import MIB, Queue, Topology

ACTIVITY = "activity"

TOPOLOGY = Topology(
    exchange="events",
    queues=(
        #     name      what it is told of
        Queue(ACTIVITY, keys=["#"]),
    ),
    dead=Queue("dead-letters", keys=["#"], max_bytes=256 * MIB),
)
