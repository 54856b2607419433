"""Dead letters: looked at where they lie, replayed or dropped; and how much lies in each queue.

Whoever looks takes them all from the queue and then puts them back in their order: two who
look at once see a part each.
"""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import structlog
from pika import BlockingConnection, URLParameters
from pika.exceptions import AMQPError, NackError, UnroutableError
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.clock import rfc3339
from chassis.errors import NotFound, NotReady
from chassis.messaging.retries import ATTEMPTS, FIRST_FAILED, REASON
from chassis.messaging.topology import Topology

LOOKED_AT = 1000
"""Of more than that the oldest are seen, until some of them have gone."""
SIZES_KEPT = 5.0
"""Seconds for which the sizes are good; that nobody answers, too."""

log = structlog.get_logger()


class _Taken(NamedTuple):
    known: dict[str, Any]
    tag: int
    properties: Any
    body: bytes


class DeadLetters(Collector):
    """Errors: `NotReady` while the broker is away, `NotFound`."""

    def __init__(self, broker: URLParameters, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology
        self._asked = -SIZES_KEPT
        self._sizes: list[GaugeMetricFamily] = []

    def all(self) -> list[dict[str, Any]]:
        """Return what is known of each, and not what it says; the one that died first at first."""
        with self._channel() as channel:
            return [one.known for one in self._each(channel)]

    def show(self, letter_id: str) -> dict[str, Any]:
        """Return all of one."""
        with self._channel() as channel:
            for known, _, properties, body in self._each(channel, letter_id):
                said = body.decode(errors="replace")
                return {**known, "headers": properties.headers, "body": said}
        raise NotFound("There is no such dead letter.")

    def settle(self, letter_id: str | None, *, replay: bool) -> int:
        """Give one, or all, back to where they died, or drop them; return how many.

        Published first, then taken away: killed in between, it is there twice. It is the same
        event, so no consumer does its work twice.
        """
        settled = 0
        with self._channel() as channel:
            # All of them before the first is replayed: it may be back here at once.
            for known, tag, properties, body in list(self._each(channel, letter_id)):
                if replay:
                    properties.headers = None
                    channel.basic_publish("", known["queue"], body, properties, mandatory=True)
                channel.basic_ack(tag)
                log.info("dead_letter.settled", replay=replay, **known)
                settled += 1
        if letter_id and not settled:
            raise NotFound("There is no such dead letter.")
        return settled

    def collect(self) -> list[GaugeMetricFamily]:
        """Return how much lies where, as metrics, of a moment ago; none if the broker is away."""
        if time.monotonic() - self._asked > SIZES_KEPT:
            self._asked = time.monotonic()
            try:
                self._sizes = self._measure()
            except NotReady:
                self._sizes = []
        return self._sizes

    def _measure(self) -> list[GaugeMetricFamily]:
        says = "Messages in a queue; in NAME.after-…, for another try."
        sizes = GaugeMetricFamily("chat_queue_messages", says, labels=["queue"])
        with self._channel() as channel:
            for queue in self._topology.queues:
                for name in queue.names():
                    sizes.add_metric([name], _size(channel, name))
            dead = _size(channel, self._topology.dead.name)
        return [GaugeMetricFamily("chat_dead_letters", "Messages given up.", dead), sizes]

    def _each(self, channel: Any, letter_id: str | None = None) -> Iterator[_Taken]:
        for _ in range(LOOKED_AT):
            # Until there is none: how many there are, a broker says as of a moment ago.
            method, properties, body = channel.basic_get(self._topology.dead.name)
            if method is None:
                break
            known = _known(method.routing_key, properties, body)
            if letter_id in {None, known["id"]}:
                yield _Taken(known, method.delivery_tag, properties, body)

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        try:
            with closing(BlockingConnection(self._broker)) as connection:
                self._topology.declare(connection)
                channel = connection.channel()
                channel.confirm_delivery()
                try:
                    yield channel
                finally:
                    # Without being told to, the broker puts them back some time after the
                    # connection has gone: who looks meanwhile would not find them.
                    if channel.is_open:
                        channel.basic_nack(multiple=True)
        except (UnroutableError, NackError) as error:
            raise NotReady("The queue that it came from is gone, or full.", 5) from error
        except (AMQPError, OSError) as error:
            raise NotReady("The broker does not answer.", 5) from error


def _known(queue: str, properties: Any, body: bytes) -> dict[str, Any]:
    headers = properties.headers or {}
    reason, first = headers.get(REASON, "unknown"), headers.get(FIRST_FAILED)
    for death in headers.get("x-death", [])[:1]:  # then the broker has given it up, not we
        reason = f"{death['reason']}, says the broker"
        first = first or rfc3339(int(death["time"].timestamp() * 1000))
    try:
        request_id = json.loads(body).get("requestid")
    except (ValueError, AttributeError):
        request_id = None
    unique = f"{queue} {properties.message_id or body.hex()}"  # one event may die in two queues
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, unique)),
        "queue": queue,
        "reason": reason,
        "attempts": headers.get(ATTEMPTS, 0),
        "first_failed_at": first,
        "event_id": properties.message_id,
        "type": properties.type,
        "request_id": request_id,
    }


def _size(channel: Any, name: str) -> int:
    return int(channel.queue_declare(name, passive=True).method.message_count)
