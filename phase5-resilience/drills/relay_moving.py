"""How fast a relay moves events, beside what the broker takes, in tables and a queue of its own.

`python -c (this)` runs where the relay does and prints seconds, as JSON.
"""

import json
import os
import time
from contextlib import closing

import orjson
import psycopg
from pika import BlockingConnection

from chassis.clock import now_ms
from chassis.events import Announcement, new_event
from chassis.ids import new_id
from chassis.messaging.cloudevents import cloud_event
from chassis.messaging.outbox import lane_of
from chassis.messaging.publisher import ConfirmedPublisher, Message
from chassis.messaging.relay import AT_ONCE, FROM_EACH, Relay
from chassis.messaging.settings import WorkerSettings
from chassis.messaging.topology import Queue, Topology
from chat.catalogue import TOPICS

EVENTS = 30_000
BATCH = AT_ONCE * FROM_EACH
NAME = "drill_relay"
TOPOLOGY = Topology(NAME, [Queue(NAME, ["#"])], Queue(f"{NAME}_dead", ["#"]))
CLEAR = "DROP SCHEMA IF EXISTS drill_relay CASCADE"
TABLES = """
    CREATE SCHEMA drill_relay; SET search_path = drill_relay;
    CREATE TABLE outbox (LIKE public.outbox INCLUDING ALL);
    CREATE TABLE outbox_lanes AS SELECT * FROM public.outbox_lanes
"""
INSERT = "INSERT INTO outbox (lane, topic, event, created_at) VALUES (%s, %s, %s, %s)"


def one_event() -> tuple[int, Message]:
    """Return an event of a conversation, and its lane."""
    data = {"user_id": new_id(), "read_seq": 1}
    event = new_event("read", data, conversation_id=new_id())
    said = orjson.dumps(cloud_event(Announcement(event, ()), TOPICS["read"])).decode()
    return lane_of(event["conversation_id"] or ""), Message(event["id"], TOPICS["read"], said)


def main() -> None:
    """Publish so many events twice: from memory, and from the outbox."""
    settings = WorkerSettings()
    os.environ["PGOPTIONS"] = f"-c search_path={NAME},public"
    url, broker = settings.libpq_address(), settings.parameters(NAME)
    events = [one_event() for _ in range(EVENTS)]
    with (
        closing(BlockingConnection(broker)) as declaring,
        psycopg.connect(url, autocommit=True) as database,
        closing(ConfirmedPublisher(broker, NAME)) as publisher,
    ):
        channel = declaring.channel()
        channel.queue_delete(NAME)
        TOPOLOGY.declare(declaring)
        began = time.perf_counter()
        for first in range(0, EVENTS, BATCH):
            publisher.publish([message for _, message in events[first : first + BATCH]])
        alone = time.perf_counter() - began
        channel.queue_purge(NAME)
        database.execute(CLEAR)
        database.execute(TABLES)
        with database.cursor() as cursor:
            cursor.executemany(INSERT, [(lane, *one[1:], now_ms()) for lane, one in events])
        database.execute("ANALYZE outbox")
        relay, moved = Relay(url, broker, TOPOLOGY, 300), 0
        began, worked = time.perf_counter(), time.process_time()
        while batch := relay.move(database, publisher):
            moved += batch
        took, worked = time.perf_counter() - began, time.process_time() - worked
        database.execute(CLEAR)
        for queue in (NAME, TOPOLOGY.dead.name):
            channel.queue_delete(queue)
        for exchange in (NAME, TOPOLOGY.dead_exchange):
            channel.exchange_delete(exchange)
    print(json.dumps({"moved": moved, "alone": alone, "took": took, "worked": worked}))


if __name__ == "__main__":
    main()
