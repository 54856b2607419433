"""Publishing with confirms, many at once: waiting for each by itself costs ten times as much."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pika import BasicProperties, DeliveryMode, SelectConnection, URLParameters
from pika.exceptions import AMQPConnectionError, AMQPError

from chassis.messaging.cloudevents import CONTENT_TYPE

CONFIRMED_WITHIN = 10.0
"""Seconds until a batch without an answer is taken for lost, and published again."""


class NotConfirmed(AMQPError):
    """The broker has not taken responsibility for all of a batch."""


class Message(NamedTuple):
    """An event on its way."""

    id: str
    topic: str
    body: str


class ConfirmedPublisher:
    """One connection, used by one thread. What it raises is an `AMQPError`; then make another."""

    def __init__(self, parameters: URLParameters, exchange: str, *, mandatory: bool = True) -> None:
        self._exchange = exchange
        self._mandatory = mandatory
        self._sent = 0
        self._waiting: set[int] = set()
        self._refused = ""
        self._channel: Any = None
        self._error: BaseException | None = None
        self._ends = False
        self._connection = SelectConnection(
            parameters,
            on_open_callback=lambda one: one.channel(on_open_callback=self._opened),
            on_open_error_callback=self._broken,
            on_close_callback=self._broken,
        )
        self._run(lambda: self._channel is not None, CONFIRMED_WITHIN)

    def publish(self, messages: Sequence[Message]) -> None:
        """Return when each of these is on the broker's disk, in every queue that wants it.

        Errors: `NotConfirmed` if a queue is full, or none wants one; any of them may have arrived.
        """
        for one in messages:
            self._sent += 1
            self._waiting.add(self._sent)
            properties = BasicProperties(
                content_type=CONTENT_TYPE,
                delivery_mode=DeliveryMode.Persistent,
                message_id=one.id,
                type=one.topic,
            )
            self._channel.basic_publish(
                self._exchange, one.topic, one.body.encode(), properties, self._mandatory
            )
        self._run(lambda: not self._waiting, CONFIRMED_WITHIN)
        if self._waiting or self._refused:
            raise NotConfirmed(self._refused or f"no answer within {CONFIRMED_WITHIN:.0f} s")

    def idle(self, file: int, seconds: float) -> None:
        """Keep the connection alive until there is something to read in a file, or time is up."""
        loop, ready = self._connection.ioloop, False

        def stop(*_: object) -> None:
            nonlocal ready
            ready = True

        loop.add_handler(file, stop, loop.READ)
        try:
            self._run(lambda: ready, seconds)
        finally:
            loop.remove_handler(file)

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self._connection.is_open:
            self._ends = True
            self._connection.close()
            self._run(lambda: self._connection.is_closed, 2)

    def _run(self, done: Callable[[], bool], seconds: float) -> None:
        """Do what there is to do on the connection until `done` or late."""
        loop, late = self._connection.ioloop, False

        def end() -> None:
            nonlocal late
            late = True

        timer = loop.call_later(seconds, end)
        loop.activate_poller()
        try:
            while not (done() or late):
                loop.poll()
                loop.process_timeouts()
                if self._error is not None and not done():
                    raise self._error
        finally:
            loop.deactivate_poller()
            loop.remove_timeout(timer)

    def _opened(self, channel: Any) -> None:
        channel.add_on_close_callback(self._broken)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(
            self._answered, callback=lambda _frame: setattr(self, "_channel", channel)
        )

    def _answered(self, frame: Any) -> None:
        method, tag = frame.method, frame.method.delivery_tag
        if method.NAME == "Basic.Nack":
            self._refused = self._refused or "a queue is full"
        self._waiting -= {one for one in self._waiting if one <= tag} if method.multiple else {tag}

    def _returned(self, _channel: Any, method: Any, *_: object) -> None:
        self._refused = f"no queue wants {method.routing_key}"

    def _broken(self, _who: object, reason: BaseException | str) -> None:
        if not self._ends:
            self._error = AMQPConnectionError(str(reason))
