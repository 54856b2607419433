"""The relay: brings events from the outbox to the broker, in order, at least once.

Any number may run. Each takes some lanes, alone; what it has published it marks in the transaction
that holds them. Killed in between, it has published what the next one publishes again: readers
know an event by its id.
"""

import time
from contextlib import closing
from threading import Event
from typing import Any

import orjson
import psycopg
import structlog
from pika import BlockingConnection, URLParameters
from pika.exceptions import AMQPError

from chassis.clock import now_ms
from chassis.messaging.outbox import LANES
from chassis.messaging.process import Backoff, until_stopped
from chassis.messaging.publisher import ConfirmedPublisher, Message
from chassis.messaging.settings import WorkerSettings
from chassis.messaging.topology import Topology
from chassis.tracing.spans import Waited, publishing

AT_ONCE = LANES // 2
"""Lanes that a relay takes at a time, so that two can work."""
FROM_EACH = 128
"""Events of a lane in a batch."""
POLL = 1.0
"""Seconds after which a relay looks without having been told to."""
PRUNE_EVERY, PRUNED = 1.0, 10_000

_CLAIM = """
    SELECT lane FROM outbox_lanes AS one
    WHERE EXISTS (SELECT FROM outbox WHERE lane = one.lane AND published_at IS NULL)
    ORDER BY random() LIMIT %s FOR UPDATE SKIP LOCKED
"""
# A statement of its own: it sees what whoever had these lanes before has marked.
_WAITING = """
    SELECT waiting.* FROM unnest(%s::bigint[]) AS claimed (lane), LATERAL (
        SELECT id, topic, event, created_at FROM outbox
        WHERE lane = claimed.lane AND published_at IS NULL ORDER BY id LIMIT %s
    ) AS waiting ORDER BY id
"""
_MARK = "UPDATE outbox SET published_at = %s WHERE id = ANY(%s)"
_PRUNE = """
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM (SELECT id, published_at FROM outbox ORDER BY id LIMIT %s) AS oldest
        WHERE published_at < %s
    )
"""

log = structlog.get_logger()


def main(settings: WorkerSettings, name: str, topology: Topology) -> int:
    """Relay until stopped; return the exit code. The broker's pages show `name`."""
    relay = Relay(
        settings.libpq_address(),
        settings.parameters(name),
        topology.without(settings.subscribers_off),
        settings.outbox_keep,
    )
    return until_stopped(name, settings, relay.run)


class Relay:
    """One relay. `database` is an address as libpq takes it; `keep` is in seconds."""

    def __init__(
        self, database: str, broker: URLParameters, topology: Topology, keep: float
    ) -> None:
        self._database = database
        self._broker = broker
        self._topology = topology
        self._keep_ms = int(keep * 1000)
        self._pruned = 0.0

    def run(self, stopping: Event) -> None:
        """Relay until told to stop. Errors: `TopologyMismatch`; other faults are waited for."""
        backoff = Backoff()
        while not stopping.is_set():
            try:
                self._connected(stopping, backoff)
            except (psycopg.OperationalError, AMQPError, OSError) as error:
                log.warning("relay.waits", reason=f"{type(error).__name__}: {error}"[:300])
                stopping.wait(backoff.next())

    def _connected(self, stopping: Event, backoff: Backoff) -> None:
        with closing(BlockingConnection(self._broker)) as connection:
            self._topology.declare(connection)
        with (
            closing(self._publisher()) as publisher,
            psycopg.connect(self._database, autocommit=True) as database,
        ):
            told: list[object] = []
            database.add_notify_handler(told.append)
            database.execute("LISTEN outbox")
            log.info("relay.connected")
            while not stopping.is_set():
                told.clear()
                if self.move(database, publisher):
                    backoff.reset()
                elif not told:  # and not while it looked, either
                    publisher.idle(database.fileno(), POLL)
                self._prune(database)

    def _publisher(self) -> ConfirmedPublisher:
        """Connect. While a subscriber is switched off, nobody may want an event, and rightly so."""
        mandatory = not self._topology.off
        return ConfirmedPublisher(self._broker, self._topology.exchange, mandatory=mandatory)

    def move(self, database: psycopg.Connection[Any], publisher: ConfirmedPublisher) -> int:
        """Publish a batch and mark it; return how many events that were."""
        with database.transaction():
            lanes = [lane for (lane,) in database.execute(_CLAIM, (AT_ONCE,))]
            if not lanes:
                return 0
            rows = database.execute(_WAITING, (lanes, FROM_EACH)).fetchall()
            waited = [Waited(topic, orjson.loads(event), at) for _, topic, event, at in rows]
            with publishing(self._topology.exchange, waited):
                publisher.publish(
                    [
                        Message(one.event["id"], one.topic, row[2])
                        for one, row in zip(waited, rows, strict=True)
                    ]
                )
            database.execute(_MARK, (now_ms(), [row[0] for row in rows]))
        return len(rows)

    def _prune(self, database: psycopg.Connection[Any]) -> None:
        if time.monotonic() - self._pruned < PRUNE_EVERY:
            return
        self._pruned = time.monotonic()
        database.execute(_PRUNE, (PRUNED, now_ms() - self._keep_ms))
