"""How many events reach sockets, and how long a message takes to get there."""

import re
import time
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from chassis.metrics import SECONDS
from realtime.websocket import BoundedWebSocket

# A Socket.IO packet with an event of ours, as its envelope begins: its type, and when it was made.
_EVENT = re.compile(r'42\["([a-z._-]+)",\{[^{}]*?"occurred_at":"([^"]+)"')


class DeliveryMetrics:
    """Counts of events, and the time from a message's being made to its receipt.

    It ends when the kernel has taken the event's frame, once for each socket. Commit, outbox, relay
    and broker are in it; network and browser are not. It begins by another machine's clock, which
    has to agree with this one to some milliseconds.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._delivered = Counter(
            "chat_events_delivered_total", "Events written to sockets.", ["type"], registry=registry
        )
        self._receipt = Histogram(
            "chat_send_to_receipt_seconds",
            "From a message being made to its event being written, for each socket.",
            buckets=SECONDS,
            registry=registry,
        )

    def written(self, frame: object) -> None:
        """Note a frame that the kernel has taken."""
        found = _EVENT.match(frame) if isinstance(frame, str) else None
        if found is None:
            return
        self._delivered.labels(found[1]).inc()
        if found[1] == "message.created":
            made = datetime.fromisoformat(found[2]).timestamp()
            self._receipt.observe(max(time.time() - made, 0))


class MeasuredWebSocket(BoundedWebSocket):
    """Engine.IO's adapter; says what it has written."""

    def __init__(self, *args: Any, metrics: DeliveryMetrics) -> None:
        super().__init__(*args)
        self._metrics = metrics

    def send(self, message: object) -> None:
        """Hand a frame to the kernel."""
        super().send(message)
        self._metrics.written(message)
