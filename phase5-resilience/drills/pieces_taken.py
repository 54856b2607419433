"""The way of an event with one piece taken away, in tables and queues of its own.

`python -c (this) PIECE` runs where a worker does and prints what came of the changes, as JSON. It
uses the phase's code as it is, but for the piece. Each process dies again and again, at the worst
moment.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from threading import Event, Thread
from typing import Any, LiteralString

import orjson
import psycopg
from pika import BlockingConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from chassis import engine
from chassis.database import Database
from chassis.events import Announcement, new_event
from chassis.ids import new_id
from chassis.messaging import inbox, relay
from chassis.messaging.cloudevents import CloudEvent, cloud_event
from chassis.messaging.consumer import Consumer
from chassis.messaging.outbox import Outbox
from chassis.messaging.publisher import ConfirmedPublisher, Message
from chassis.messaging.settings import WorkerSettings
from chassis.messaging.topology import Queue, Topology
from chassis.settings import DatabaseSettings
from chassis.work import Work
from chat.catalogue import TOPICS, schemas

CHANGES, DEATHS, EVERY = 200, 4, 12
QUIET = 3.0
"""Seconds without anything new after which it is over."""
NAME = "drill_pieces"
# So small that the broker refuses some of what comes while the consumer is dead.
TOPOLOGY = Topology(NAME, [Queue(NAME, ["#"], max_bytes=40_000)], Queue(f"{NAME}-dead", ["#"]))
PATH = f"-c search_path={NAME},public"
CLEAR = "DROP SCHEMA IF EXISTS drill_pieces CASCADE"
TABLES = """
    CREATE SCHEMA drill_pieces; SET search_path = drill_pieces;
    CREATE TABLE outbox (LIKE public.outbox INCLUDING ALL);
    CREATE TABLE outbox_lanes AS SELECT * FROM public.outbox_lanes;
    CREATE TABLE inbox (LIKE public.inbox INCLUDING ALL);
    CREATE TABLE changes (id text PRIMARY KEY);
    CREATE TABLE told (id text)
"""

settings = WorkerSettings(database_connections=1)
ADDRESS = settings.libpq_address()
plain = engine.connect_args


def here(settings: DatabaseSettings) -> dict[str, Any]:
    """Have every connection look into the drill's tables first."""
    arguments = plain(settings)
    return arguments | {"options": f"{arguments['options']} {PATH}"}


def may_die(done: int, life: int) -> None:
    """End as a crash would, some times in the first lives."""
    if life < DEATHS and done % EVERY == 0:
        os._exit(9)


def change(piece: str, life: int) -> None:
    """Make changes until there are enough, and die after a commit."""
    database = Database(settings, outbox=None if piece == "outbox" else Outbox(TOPICS, CHANGES))
    with psycopg.connect(ADDRESS, autocommit=True, options=PATH) as look:
        made = number_of(look, "SELECT count(*) FROM changes")
    for number in range(made + 1, CHANGES + 1):
        one = new_id()
        event = new_event("read", {"user_id": one, "read_seq": 1}, conversation_id=one)
        with database.write() as work:
            raw(work).execute("INSERT INTO changes VALUES (%s)", (one,))
            work.announce(event)
        may_die(number, life)
        if piece == "outbox":
            said = orjson.dumps(cloud_event(Announcement(event, ()), TOPICS["read"])).decode()
            publish_until_taken(Message(event["id"], TOPICS["read"], said))


def publish_until_taken(message: Message) -> None:
    """Publish with confirms; a queue that is full is waited for."""
    while True:
        try:
            with closing(ConfirmedPublisher(settings.parameters(NAME), NAME)) as publisher:
                publisher.publish([message])
        except AMQPError:
            time.sleep(0.1)
        else:
            return


def move(piece: str, life: int) -> None:
    """Relay, and die between publishing and marking."""
    publish = ConfirmedPublisher.publish
    moves: list[int] = []

    def unconfirmed(self: Any, messages: Sequence[Message]) -> None:
        for one in messages:
            self._channel.basic_publish(NAME, one.topic, one.body.encode())
        self._run(lambda: False, 0.02)

    def dying(self: ConfirmedPublisher, messages: Sequence[Message]) -> None:
        (unconfirmed if piece == "confirms" else publish)(self, messages)
        moves.append(1)
        may_die(len(moves), life)

    ConfirmedPublisher.publish = dying  # type: ignore[method-assign]
    relay.FROM_EACH = 4  # small batches: many moments to die in
    relay.Relay(ADDRESS, settings.parameters(NAME), TOPOLOGY, 300).run(Event())


def consume(piece: str, life: int) -> None:
    """Consume, and die between commit and acknowledgement."""
    once = Consumer._once  # noqa: SLF001
    done: list[int] = []

    def dying(self: Consumer, event: CloudEvent) -> None:
        once(self, event)
        done.append(1)
        may_die(len(done), life)

    def handle(work: Work, event: CloudEvent) -> None:
        raw(work).execute("INSERT INTO told VALUES (%s)", (event["subject"],))

    Consumer._once = dying  # type: ignore[method-assign]  # noqa: SLF001
    if piece == "inbox":
        inbox.is_new = lambda *_: True
    if piece == "acknowledgement":
        start: Any = BlockingChannel.basic_consume
        channel: Any = BlockingChannel
        channel.basic_consume = lambda *given: start(*given, auto_ack=True)
        channel.basic_ack = lambda *_: None
    Consumer(
        NAME,
        handle,
        database=Database(settings),
        broker=settings.parameters(NAME),
        topology=TOPOLOGY,
        schemas=schemas(),
    ).run(Event())


def again_and_again(role: str, piece: str, over: Event) -> None:
    """Start a process whenever it has died, until it has ended by itself or all is over."""
    for life in itertools.count():
        command = [sys.executable, "-c", sys.orig_argv[2], piece, role, str(life)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            if over.wait(0.05):
                process.kill()
        if process.returncode == 0 or over.is_set():
            return


def clear(broker: BlockingConnection) -> None:
    """Leave nothing at the broker."""
    for queue in (NAME, f"{NAME}-dead"):
        broker.channel().queue_delete(queue)
    for exchange in (NAME, TOPOLOGY.dead_exchange):
        broker.channel().exchange_delete(exchange)


def experiment(piece: str) -> dict[str, int]:
    """Return how many changes were made, and how many were told of never or more than once."""
    over = Event()
    with (
        closing(BlockingConnection(settings.parameters(NAME))) as broker,
        psycopg.connect(ADDRESS, autocommit=True, options=PATH) as look,
    ):
        look.execute(CLEAR)
        look.execute(TABLES)
        clear(broker)
        TOPOLOGY.declare(broker)
        workers = [
            Thread(target=again_and_again, args=[role, piece, over])
            for role in ("change", "move", "consume")
        ]
        for worker in workers:
            worker.start()
        told, since = 0, time.monotonic()
        while workers[0].is_alive() or time.monotonic() - since < QUIET or left(look, broker):
            if (now := number_of(look, "SELECT count(*) FROM told")) != told:
                told, since = now, time.monotonic()
            broker.sleep(0.1)
        over.set()
        for worker in workers:
            worker.join()
        lost = number_of(look, "SELECT count(*) FROM changes WHERE id NOT IN (SELECT id FROM told)")
        clear(broker)
        look.execute(CLEAR)
    return {"changes": CHANGES, "lost": lost, "again": told + lost - CHANGES}


def left(look: psycopg.Connection[Any], broker: BlockingConnection) -> bool:
    """Return whether something is still on its way."""
    queued = broker.channel().queue_declare(NAME, passive=True).method.message_count
    return bool(queued + number_of(look, "SELECT count(*) FROM outbox WHERE published_at IS NULL"))


def number_of(look: psycopg.Connection[Any], statement: LiteralString) -> int:
    """Return the number that a statement finds."""
    return int(look.execute(statement).fetchall()[0][0])


def raw(work: Work) -> Any:
    """Return psycopg's connection of a unit of work."""
    return work.connection.connection.dbapi_connection


def main(piece: str, role: str = "", life: str = "0") -> None:
    """Run the experiment, or one of its workers."""
    engine.connect_args = here
    os.environ["PGOPTIONS"] = PATH
    if role:
        {"change": change, "move": move, "consume": consume}[role](piece, int(life))
    else:
        print(json.dumps(experiment(piece)))


if __name__ == "__main__":
    main(*sys.argv[1:])
