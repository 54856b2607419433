"""A subscription: what happens while this process is there to hear it, and nothing of before.

Its queue is this process's own and goes with its connection. Nothing is acknowledged and nothing is
stored: what it brings are hints, which may be lost. Whoever has to do something about each event is
a `Consumer`.
"""

import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Event, Thread
from typing import Any

import structlog
from pika import BlockingConnection, URLParameters
from pika.exceptions import AMQPError
from pika.exchange_type import ExchangeType

from chassis.messaging.process import Backoff
from chassis.messaging.topology import Topology

AT_MOST = 20_000
"""Messages that wait for a process that is too slow; then the oldest are dropped."""
FIRST_WITHIN = 5.0
"""Seconds that the start of a process waits at most until it hears."""
TURN = 0.2
"""Seconds after which it looks whether to stop, if nothing comes."""
HINTS = "hints"
"""The exchange for what is not stored: each process that hears of events hears of these, too."""

log = structlog.get_logger()


class Subscription:
    """Hears of events whose routing key is one of `keys`, and of hints.

    `hear` gets what has come together: of each message, whether it is a hint, and its body.
    `missed` is called when something may have been lost: also after `hear` has failed.
    """

    def __init__(
        self,
        broker: URLParameters,
        topology: Topology,
        keys: Sequence[str],
        hear: Callable[[Sequence[tuple[bool, bytes]]], None],
        missed: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._topology = topology
        self._keys = keys
        self._hear = hear
        self._missed = missed
        self._tried = Event()
        self._connection: BlockingConnection | None = None
        self._channel: Any = None

    @property
    def is_connected(self) -> bool:
        """Return whether anything is heard at present."""
        return self._connection is not None

    def hint(self, body: bytes) -> bool:
        """Have every process hear of something, this one too; return False if there is no way."""
        connection, channel = self._connection, self._channel
        if connection is None:
            return False
        try:
            connection.add_callback_threadsafe(lambda: channel.basic_publish(HINTS, "", body))
        except AMQPError:
            return False
        return True

    def start(self, stopping: Event) -> None:
        """Hear in a thread of its own until told to stop; return when it does, or cannot yet."""
        Thread(target=self._run, args=[stopping], name="subscription", daemon=True).start()
        self._tried.wait(FIRST_WITHIN)

    def _run(self, stopping: Event) -> None:
        backoff = Backoff()
        while not stopping.is_set():
            try:
                with closing(BlockingConnection(self._broker)) as connection:
                    arrived = self._subscribe(connection)
                    backoff.reset()
                    self._listen(connection, arrived, stopping)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody is to stay deaf
                self._tried.set()
                log.warning("subscription.waits", reason=f"{type(error).__name__}: {error}"[:300])
                stopping.wait(backoff.next())

    def _subscribe(self, connection: BlockingConnection) -> list[tuple[bool, bytes]]:
        """Return the list that what comes is added to."""
        arrived: list[tuple[bool, bytes]] = []
        self._topology.declare(connection)
        self._channel = channel = connection.channel()
        channel.exchange_declare(HINTS, ExchangeType.fanout, auto_delete=True)
        queue = f"sockets.{uuid.uuid4()}"
        channel.queue_declare(
            queue, exclusive=True, auto_delete=True, arguments={"x-max-length": AT_MOST}
        )
        for key in self._keys:
            channel.queue_bind(queue, self._topology.exchange, key)
        channel.queue_bind(queue, HINTS)

        def keep(_channel: Any, method: Any, _properties: Any, body: bytes) -> None:
            arrived.append((method.exchange == HINTS, body))

        channel.basic_consume(queue, keep, auto_ack=True)
        return arrived

    def _listen(
        self, connection: BlockingConnection, arrived: list[tuple[bool, bytes]], stopping: Event
    ) -> None:
        log.info("subscription.connected")
        self._connection = connection
        try:
            if self._tried.is_set():
                self._missed()
            self._tried.set()  # not before: whoever waits for it is to find it connected
            while not stopping.is_set():
                connection.process_data_events(TURN)
                heard, arrived[:] = arrived[:], []
                if heard:
                    self._hear(heard)
        finally:
            self._connection = None
