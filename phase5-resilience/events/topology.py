"""What the broker holds for this system. Whoever starts first declares it."""

from chassis.messaging.topology import MIB, Queue, Retries, Topology

ACTIVITY, JOBS, MAIL, NOTIFICATIONS = "activity", "jobs", "mail", "notifications"
CACHE, LISTS, MEMBERSHIPS = "cache", "lists", "memberships"
PEOPLE, PROFILES = "people", "profiles"

SOCKETS_HEAR = ("conversation.#", "account.logins_ended")
"""What each process that has sockets has a queue of its own for, while it runs."""

TOPOLOGY = Topology(
    exchange="events",
    queues=(
        #     name      what it is told of
        Queue(ACTIVITY, keys=["#"]),
        Queue(
            NOTIFICATIONS,
            keys=[
                "conversation.message.created",
                "conversation.message.deleted",
                "conversation.member_removed",
                "conversation.read",
            ],
        ),
        Queue(MAIL, keys=["notification.digest_due"], retries=Retries()),
        Queue(JOBS, keys=["job.requested"], retries=Retries()),
        Queue(CACHE, keys=["profile.changed"]),
        Queue(PROFILES, keys=["user.registered"]),
        Queue(PEOPLE, keys=["user.registered", "profile.changed"]),
        Queue(LISTS, keys=["conversation.message.*", "conversation.reaction.*"]),
        Queue(MEMBERSHIPS, keys=["membership.changed"]),
    ),
    dead=Queue("dead-letters", keys=["#"], max_bytes=256 * MIB),
)
