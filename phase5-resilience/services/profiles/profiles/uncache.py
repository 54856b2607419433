"""`python -m profiles.uncache`: deletes from the cache what has changed.

Whoever changes something deletes it, too, and sooner. But that one may die in between, or be cut
off from Redis: the event comes all the same.
"""

import sys

from chassis.cache.link import Link
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chassis.work import Work
from events.topology import CACHE, TOPOLOGY
from profiles.cached import kept_profiles
from profiles.catalogue import schemas
from profiles.settings import CacheWorkerSettings


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = CacheWorkerSettings(database_connections=1)
    return until_stopped(
        "cache-invalidation", settings, lambda stopping: _consumer(settings).run(stopping)
    )


def _consumer(settings: CacheWorkerSettings) -> Consumer:
    profiles = kept_profiles(Link(settings.cache_url, settings.cache_timeout, settings.cache_pause))

    def forget(_work: Work, event: CloudEvent) -> None:
        if not profiles.forget([event["data"]["user_id"]]):
            raise Unavailable("Redis does not answer.")

    return Consumer(
        CACHE,
        forget,
        database=Database(settings),
        broker=settings.parameters(CACHE),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )


if __name__ == "__main__":
    sys.exit(main())
