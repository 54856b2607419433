"""How many events reach sockets, and how long a message takes to get there."""

import re
import threading
import time
from collections.abc import Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from chassis import context
from chassis.events import Event
from chassis.metrics import SECONDS
from chat.realtime.websocket import BoundedWebSocket

UNDER_WAY_MAX = 5000
"""Messages whose beginning is remembered: some seconds of the most that the system can take."""

# A Socket.IO packet with an event of ours, as its envelope begins: the type, and the id.
_EVENT = re.compile(r'42\["([a-z._-]+)",\{"id":"([0-9a-f-]{36})"')


class DeliveryMetrics:
    """Counts of messages and events, and the time from send to receipt.

    It begins when the request that sends a message comes in, and ends when the kernel has taken the
    event's frame: once for each socket of this process that gets it. Outbox, relay and broker are
    in it; network and browser are not. Another process knows no beginning, and measures nothing.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter(
            "chat_messages_accepted_total", "Texts stored; a resend is none.", registry=registry
        )
        self._delivered = Counter(
            "chat_events_delivered_total", "Events written to sockets.", ["type"], registry=registry
        )
        self._receipt = Histogram(
            "chat_send_to_receipt_seconds",
            "From a send coming in to its event being written, for each socket.",
            buckets=SECONDS,
            registry=registry,
        )
        self._under_way: dict[str, float] = {}
        self._lock = threading.Lock()

    def publish(self, event: Event, _audience: Collection[str]) -> None:
        """Note an event of this process once it is committed; it comes back by the broker."""
        if event["type"] != "message.created" or event["data"]["message"]["kind"] != "text":
            return
        self._accepted.inc()
        sending = context.current()
        with self._lock:
            self._under_way[event["id"]] = sending.started if sending else time.perf_counter()
            if len(self._under_way) > UNDER_WAY_MAX:
                del self._under_way[next(iter(self._under_way))]

    def written(self, frame: object) -> None:
        """Note a frame that the kernel has taken."""
        found = _EVENT.match(frame) if isinstance(frame, str) else None
        if found is None:
            return
        self._delivered.labels(found[1]).inc()
        began = self._under_way.get(found[2])
        if began is not None:
            self._receipt.observe(time.perf_counter() - began)


class MeasuredWebSocket(BoundedWebSocket):
    """Engine.IO's adapter; says what it has written."""

    def __init__(self, *args: Any, metrics: DeliveryMetrics) -> None:
        super().__init__(*args)
        self._metrics = metrics

    def send(self, message: object) -> None:
        """Hand a frame to the kernel."""
        super().send(message)
        self._metrics.written(message)
