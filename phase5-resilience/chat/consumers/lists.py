"""`python -m chat.consumers.lists`: keeps up to date what lists of conversations show."""

import sys
from functools import partial

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chat.accounts import calls_to_messages
from chat.catalogue import schemas
from chat.conversations.following import follow
from chat.settings import ListsSettings
from chat.timelines import Timelines
from events.topology import LISTS, TOPOLOGY


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = ListsSettings(database_connections=1)
    secret = settings.client_secret_file
    timelines = Timelines(calls_to_messages(settings.messages_url, settings.auth_url, secret))
    consumer = Consumer(
        LISTS,
        partial(follow, timelines),
        database=Database(settings),
        broker=settings.parameters(LISTS),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped(LISTS, settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
