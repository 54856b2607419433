"""`python -m chat.consumers.people`: keeps what it hears of who exists, under what names."""

import sys

from chassis.database import Database
from chassis.messaging.consumer import Consumer
from chassis.messaging.process import until_stopped
from chat.catalogue import schemas
from chat.people.service import PeopleService
from chat.profiles import Profiles, calls_to_profiles
from chat.settings import PeopleSettings
from events.topology import PEOPLE, TOPOLOGY


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = PeopleSettings(database_connections=1)
    database = Database(settings)
    calls = calls_to_profiles(settings.profiles_url, settings.auth_url, settings.client_secret_file)
    consumer = Consumer(
        PEOPLE,
        PeopleService(database, Profiles(calls)).hear,
        database=database,
        broker=settings.parameters(PEOPLE),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped(PEOPLE, settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
