"""`python -m chat.consumers.jobs`: exports and deletes accounts."""

import sys
from contextlib import suppress
from functools import partial
from threading import Event, Thread

from chassis.cache.erasing import erase
from chassis.cache.link import Link
from chassis.cache.own_writes import OwnWrites
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.messaging.process import until_stopped
from chassis.messaging.steps import StepsConsumer
from chat.accounts import Accounts, calls_to_auth, calls_to_messages
from chat.catalogue import outbox, schemas
from chat.conversations.lists import Lists
from chat.conversations.members import MemberService
from chat.jobs import export
from chat.jobs.deletion import Deletion
from chat.jobs.worker import Do, JobWorker
from chat.people.service import PeopleService
from chat.profiles import Profiles, calls_to_profiles
from chat.settings import JobSettings
from chat.timelines import Timelines
from events.topology import JOBS, TOPOLOGY

LOOK_EVERY = 30.0
"""Seconds between two looks for exports that have expired."""


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = JobSettings(database_connections=2)
    database = Database(settings, outbox=outbox(settings))
    secret = settings.client_secret_file
    accounts = Accounts(calls_to_auth(settings.auth_url, secret))
    profiles = Profiles(calls_to_profiles(settings.profiles_url, settings.auth_url, secret))
    timelines = Timelines(calls_to_messages(settings.messages_url, settings.auth_url, secret))
    link = Link(settings.cache_url, settings.cache_timeout, settings.cache_pause)
    lists = Lists(database, timelines, OwnWrites(link))
    members = MemberService(database, lists, PeopleService(database, profiles))
    uncache = partial(erase, settings.cache_url)
    ways: dict[str, Do] = {
        "export": partial(
            export.write, database, accounts, profiles, timelines, keep=settings.export_keep
        ),
        "deletion": Deletion(
            database, accounts, profiles, members, timelines, lists, uncache
        ).steps,
    }
    worker = JobWorker(database, ways)
    consumer = StepsConsumer(
        JOBS,
        worker.steps,
        database=database,
        broker=settings.parameters(JOBS),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )

    def run(stopping: Event) -> None:
        Thread(target=_forget_expired, args=(database, stopping), daemon=True).start()
        consumer.run(stopping)

    return until_stopped(JOBS, settings, run)


def _forget_expired(database: Database, stopping: Event) -> None:
    while not stopping.wait(LOOK_EVERY):
        with suppress(Unavailable):
            export.forget_expired(database)


if __name__ == "__main__":
    sys.exit(main())
