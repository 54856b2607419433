"""A consumer: does something about each event, once, in order.

The transaction holds the work and the note that it is done. The acknowledgement comes after it: a
process that dies in between gets the message again, and finds the note.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Event
from typing import Any

import structlog
from pika import BlockingConnection, URLParameters
from pika.exceptions import AMQPError, ConsumerCancelled

from chassis import context
from chassis.database import Database
from chassis.errors import Busy, NotReady, ReadOnly, StorageFull, Unavailable
from chassis.messaging import inbox
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.errors import Permanent, Transient
from chassis.messaging.process import Backoff
from chassis.messaging.retries import Answer, acknowledge, onward
from chassis.messaging.schemas import Newer, Schemas, Unacceptable
from chassis.messaging.topology import Queue, Topology
from chassis.tracing import spans
from chassis.work import Work

PREFETCH = 32
TURN = 0.2
"""Seconds after which the connection's thread looks whether to stop; it answers heartbeats, too."""
PRUNE_EVERY = 60.0
EVERYBODYS = (Busy, NotReady, ReadOnly, StorageFull)
"""With these no message can be dealt with: all wait in the queue, and it costs none a try."""

Handle = Callable[[Work, CloudEvent], None]

log = structlog.get_logger()


class Consumer:
    """Reads one queue, whose name is the consumer's too. Durations are in seconds."""

    prefetch = PREFETCH

    def __init__(
        self,
        queue: str,
        handle: Handle,
        *,
        database: Database,
        broker: URLParameters,
        topology: Topology,
        schemas: Schemas,
    ) -> None:
        self._queue = queue
        named = (one for one in topology.queues if one.name == queue)
        self._declared = next(named, Queue(queue, ()))  # which has none if it is switched off
        self._waits_for = EVERYBODYS if self._declared.retries else (Unavailable, Transient)
        self._handle = handle
        self._database = database
        self._broker = broker
        self._topology = topology
        self._schemas = schemas
        self._pruned = 0.0

    def run(self, stopping: Event) -> None:
        """Consume until told to stop. Errors: `TopologyMismatch`."""
        if self._queue in self._topology.off:
            log.info("consumer.off", queue=self._queue)
            stopping.wait()
        backoff = Backoff()
        while not stopping.is_set():
            try:
                with closing(BlockingConnection(self._broker)) as connection:
                    self._topology.declare(connection)
                    backoff.reset()
                    self._consume(connection, stopping)
            except (AMQPError, OSError) as error:
                log.warning("consumer.waits", reason=f"{type(error).__name__}: {error}"[:300])
                stopping.wait(backoff.next())

    def _consume(self, connection: BlockingConnection, stopping: Event) -> None:
        """Work in a thread of its own, so that this one can answer the broker meanwhile."""
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=self.prefetch)
        gone = Event()
        with ThreadPoolExecutor(1) as worker:

            def arrived(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
                worker.submit(settle, method.delivery_tag, properties, body)

            def settle(tag: int, properties: Any, body: bytes) -> None:
                if gone.is_set():
                    return
                is_over = lambda: gone.is_set() or stopping.is_set()  # noqa: E731
                answer = self._deal_with(properties, body, is_over)
                if answer is None:
                    gone.set()  # and what comes after it has to wait, too
                elif not gone.is_set():
                    connection.add_callback_threadsafe(partial(answer, channel, tag))

            tag = channel.basic_consume(self._queue, arrived)
            log.info("consumer.connected", queue=self._queue)
            try:
                while not stopping.is_set():
                    connection.process_data_events(TURN)
                    if tag not in channel.consumer_tags:
                        raise ConsumerCancelled("the queue was deleted")
                channel.basic_cancel(tag)
                last = worker.submit(lambda: None)  # what was fetched is finished, if it can be
                while not last.done():
                    connection.process_data_events(TURN)
                connection.process_data_events(0)
            finally:
                gone.set()

    def _deal_with(
        self, properties: Any, body: bytes, is_over: Callable[[], bool]
    ) -> Answer | None:
        """Return what to tell the broker of it; None if it was given up for now."""
        with context.entered(None) as served:
            try:
                event = self._schemas.read(body)
                served.request_id = event.get("requestid") or event["id"]
                with spans.consuming(self._queue, event):
                    return acknowledge if self._until_done(event, is_over) else None
            except Unacceptable as error:
                log.error("event.unacceptable", queue=self._queue, reason=str(error))  # noqa: TRY400
                failure: Exception = error
            except Newer as error:
                log.warning("event.newer", queue=self._queue, reason=str(error))
                while not is_over():
                    time.sleep(TURN)
                return None
            except Exception as error:
                if not isinstance(error, Transient | Permanent | Unavailable):
                    log.exception("event.failed", queue=self._queue)
                failure = error
            return onward(failure, self._declared, self._topology.dead_exchange, properties, body)

    def _until_done(self, event: CloudEvent, is_over: Callable[[], bool]) -> bool:
        """Try until it is done. What is in the way passes; whatever comes after has to wait."""
        backoff = Backoff()
        while True:
            try:
                self._once(event)
            except self._waits_for as error:
                log.warning("event.waits", type=event["type"], reason=str(error))
                if is_over():
                    return False
                time.sleep(backoff.next())
            else:
                return True

    def _once(self, event: CloudEvent) -> None:
        with self._database.write() as work:
            if time.monotonic() - self._pruned > PRUNE_EVERY:
                self._pruned = time.monotonic()
                inbox.prune(work.connection, self._queue)
            if inbox.is_new(work.connection, self._queue, event["id"]):
                self._handle(work, event)
            else:
                log.info("event.again", queue=self._queue, id=event["id"])
