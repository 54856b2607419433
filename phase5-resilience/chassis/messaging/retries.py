"""What becomes of a message that could not be dealt with: another try later, or a dead letter.

Both are published, and confirmed, before the original is acknowledged. A process that dies in
between leaves the message in two places; the inbox has its work done once.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from chassis.clock import now_ms, rfc3339
from chassis.errors import Unavailable
from chassis.messaging.errors import Permanent, Transient
from chassis.messaging.schemas import Unacceptable
from chassis.messaging.topology import Queue, Retries
from chassis.redaction import safe_message

ATTEMPTS, FIRST_FAILED, REASON = "x-attempts", "x-first-failed", "x-reason"

Answer = Callable[[Any, int], None]
"""Tells the broker, on a channel, what becomes of the delivery with a tag."""

log = structlog.get_logger()


def onward(
    error: Exception, queue: Queue, dead_exchange: str, properties: Any, body: bytes
) -> Answer:
    """Return where a message of `queue` goes after `error`; its headers say what has failed."""
    before = properties.headers or {}
    attempt, reason = before.get(ATTEMPTS, 0) + 1, reason_of(error)
    told = log.bind(queue=queue.name, id=properties.message_id, attempt=attempt, reason=reason)
    if (retries := queue.retries) is None:
        told.error("event.dead")
        return _reject
    first = before.get(FIRST_FAILED) or rfc3339(now_ms())
    properties.headers = {ATTEMPTS: attempt, FIRST_FAILED: first, REASON: reason}
    if attempt >= _at_most(retries, error):
        told.error("event.dead")
        return partial(_send, dead_exchange, queue.name, properties, body)
    delay = retries.delays[min(attempt, len(retries.delays)) - 1]
    # By chance up to a half less: what has failed together does not come back together. Only a
    # queue's head expires. So one that is due waits for those before it, which are due within the
    # queue's own `delay` too: none waits longer than that.
    chosen = round(delay * random.uniform(0.5, 1), 3)  # noqa: S311 - no secret
    properties.expiration = str(int(chosen * 1000))
    told.warning("event.later", delay=chosen)
    return partial(_send, "", queue.delayed(delay), properties, body)


def reason_of(error: Exception) -> str:
    """Return the class of an error, and its text if that quotes nobody."""
    ours = isinstance(error, Transient | Permanent | Unacceptable | Unavailable)
    text = str(error) if ours else safe_message(error)
    return f"{type(error).__qualname__}: {text}"[:300].removesuffix(": ")


def _at_most(retries: Retries, error: Exception) -> int:
    if isinstance(error, Permanent | Unacceptable):
        return 1
    return retries.attempts if isinstance(error, Transient | Unavailable) else retries.poison


def acknowledge(channel: Any, tag: int) -> None:
    """Say that it is done."""
    channel.basic_ack(tag)


def _reject(channel: Any, tag: int) -> None:
    channel.basic_nack(tag, requeue=False)


def _send(exchange: str, key: str, properties: Any, body: bytes, channel: Any, tag: int) -> None:
    channel.basic_publish(exchange, key, body, properties, mandatory=True)
    channel.basic_ack(tag)
