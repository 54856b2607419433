"""What the broker has: queues and what they are bound to, as a table that is declared."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import ChannelClosedByBroker
from pika.exchange_type import ExchangeType

MIB = 1 << 20
UNLIMITED = 1_000_000_000
"""Deliveries; 3.10 knows no other word for it, and without a word 4.0 takes twenty."""
_VALUE = r"(?:the value )?'?(?P<{}>.+?)'?(?: of type '\w+')?"
_NOT_EQUAL = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for (?P<what>\w+ '[^']+').*?: "
    f"received {_VALUE.format('wanted')} but current is {_VALUE.format('found')}$"
)


class TopologyMismatch(Exception):
    """The broker has a queue or an exchange of this name that is something else."""


@dataclass(frozen=True)
class Retries:
    """Later tries at a message, while others pass. In between a queue without a reader has it."""

    delays: Sequence[float] = (1, 10, 60, 600)
    """Seconds before the second try, the third and so on; the last one again and again."""
    attempts: int = 10
    """Tries of what may work later: those of about an hour."""
    poison: int = 3
    """Tries of what is a mistake: perhaps only of that moment."""


@dataclass(frozen=True)
class Queue:
    """A quorum queue. Its messages are on disk, and what it cannot take is refused, not dropped."""

    name: str
    keys: Sequence[str]
    """Patterns of routing keys: `*` is one word, `#` any number."""
    max_bytes: int = 64 * MIB
    delivery_limit: int = 20
    """Deliveries that came to nothing, a consumer's deaths for example; 4.0's own default."""
    retries: Retries | None = None
    """How what fails is tried again; None: in its place, and whoever comes after waits."""

    def delayed(self, seconds: float) -> str:
        """Return the name of the queue where a message waits for its next try."""
        return f"{self.name}.after-{seconds:g}s"

    def names(self) -> list[str]:
        """Return its name, and those of the queues where its messages wait."""
        return [self.name, *map(self.delayed, self.retries.delays if self.retries else ())]


@dataclass(frozen=True)
class Topology:
    """A topic exchange, the queues at it, and where dead letters lie."""

    exchange: str
    queues: Sequence[Queue]
    dead: Queue
    off: Sequence[str] = ()
    """Queues that there shall not be: nobody would empty them, and full they hold up all others."""

    def without(self, names: str) -> "Topology":
        """Return it without some queues, with commas between; `ValueError` for what is none."""
        off = [one.strip() for one in names.split(",") if one.strip()]
        if unknown := set(off) - {queue.name for queue in self.queues}:
            raise ValueError(f"there is no subscriber {', '.join(sorted(unknown))}")
        return replace(self, queues=[one for one in self.queues if one.name not in off], off=off)

    @property
    def dead_exchange(self) -> str:
        """Return where queues send what they give up: the key is the queue that did."""
        return f"{self.exchange}.dead"

    def declare(self, connection: BlockingConnection) -> None:
        """Make what is missing; whoever starts first does. Errors: `TopologyMismatch`."""
        channel = connection.channel()
        try:
            for exchange in (self.exchange, self.dead_exchange):
                channel.exchange_declare(exchange, ExchangeType.topic, durable=True)
            for queue in (self.dead, *self.queues):
                self._declare(channel, queue)
            for name in self.off:
                channel.queue_delete(name)
        except ChannelClosedByBroker as error:
            found = _NOT_EQUAL.search(error.reply_text)
            if not found:
                raise
            raise TopologyMismatch(
                f"{found['what']} has {found['argument']} = {found['found']} at the broker, and"
                f" {found['wanted']} in the table. Once empty, delete it: it is made anew."
            ) from None
        channel.close()

    def _declare(self, channel: Any, queue: Queue) -> None:
        arguments: dict[str, object] = {
            "x-queue-type": "quorum",
            "x-max-length-bytes": queue.max_bytes,
            "x-overflow": "reject-publish",
        }
        if queue is self.dead:
            # Who looks at a dead letter and puts it back has not dealt with a delivery.
            arguments["x-delivery-limit"] = UNLIMITED
        else:
            arguments |= {
                # One consumer at a time, others stand by: that is what keeps the order.
                "x-single-active-consumer": True,
                "x-delivery-limit": queue.delivery_limit,
                "x-dead-letter-exchange": self.dead_exchange,
                "x-dead-letter-routing-key": queue.name,
                # It leaves this queue when the other has confirmed it.
                "x-dead-letter-strategy": "at-least-once",
            }
        channel.queue_declare(queue.name, durable=True, arguments=arguments)
        for delay in queue.retries.delays if queue.retries else ():
            # Back to the queue alone, by the exchange that knows each by its name.
            waiting = {"x-message-ttl": int(delay * 1000), "x-dead-letter-exchange": ""}
            name = queue.delayed(delay)
            channel.queue_declare(name, durable=True, arguments=arguments | waiting)
        exchange = self.dead_exchange if queue is self.dead else self.exchange
        for key in queue.keys:
            channel.queue_bind(queue.name, exchange, key)
