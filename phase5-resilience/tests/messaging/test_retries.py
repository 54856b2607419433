"""A message that fails: when it is tried again, how often, and what holds nobody up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from brokers import Host, Worker, rows
from waiting import wait_for

from chassis.clock import now_ms, rfc3339
from chassis.database import Database
from chassis.errors import Overloaded
from chassis.ids import new_id
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.errors import Permanent, Transient
from chassis.messaging.topology import Retries
from chassis.mode import Mode, set_mode
from chassis.redaction import Fields
from chassis.work import Work
from chat.activity.service import record
from chat.catalogue import schemas
from events.topology import ACTIVITY, TOPOLOGY

Start = Callable[..., Worker]
Announce = Callable[..., None]
INBOX = "SELECT event_id FROM inbox"
DEAD = TOPOLOGY.dead.name
RETRIES = Retries(delays=(0.2, 0.4), attempts=4, poison=2)
RETRIED = replace(TOPOLOGY, queues=(replace(TOPOLOGY.queues[0], retries=RETRIES),))
SECRET = "what somebody wrote"

DIES_BETWEEN_DELAY_AND_ACKNOWLEDGEMENT = """
import os, signal
from dataclasses import replace
from chassis.messaging import retries
from chassis.messaging.errors import Transient
from chassis.messaging.topology import Retries
from events import topology
from chat.consumers import activity

def fails(work, event):
    raise Transient

def dies(exchange, key, properties, body, channel, tag):
    channel.basic_publish(exchange, key, body, properties, mandatory=True)
    os.kill(os.getpid(), signal.SIGKILL)

retries._send = dies
activity.record = fails
queue = replace(topology.TOPOLOGY.queues[0], retries=Retries((0.2, 0.4), 4, 2))
activity.TOPOLOGY = replace(topology.TOPOLOGY, queues=(queue,))
activity.main()
"""


@dataclass
class Handler:
    """Fails as told, per event: the errors that are still to come; then does the work."""

    fails: Callable[[CloudEvent], Exception | None]
    tried: list[str] = field(default_factory=list)

    def __call__(self, work: Work, event: CloudEvent) -> None:
        """Deal with an event."""
        self.tried.append(event["id"])
        if error := self.fails(event):
            raise error
        record(work, event)


@dataclass(frozen=True)
class Running:
    """Consumers in this process."""

    host: Host
    database: Database

    @contextmanager
    def consume(self, handler: Handler) -> Iterator[None]:
        """Run one until the block ends."""
        consumer = Consumer(
            ACTIVITY,
            handler,
            database=self.database,
            broker=self.host.settings.parameters("test"),
            topology=RETRIED,
            schemas=schemas(),
        )
        stopping = threading.Event()
        thread = threading.Thread(target=consumer.run, args=[stopping])
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()


@pytest.fixture
def running(host: Host, database: Database) -> Running:
    """A broker whose queue has retries."""
    host.declare(RETRIED)
    return Running(host, database)


def times(count: int, error: Exception) -> Callable[[CloudEvent], Exception | None]:
    """Return what fails so many times."""
    left = [error] * count
    return lambda _: left.pop() if left else None


def is_empty(host: Host) -> bool:
    """Return whether nothing is in the queue, nor on its way back there."""
    with host.connection() as connection:
        channel = connection.channel()
        found = [
            channel.queue_declare(name, passive=True).method.message_count
            for name in RETRIED.queues[0].names()
        ]
    return not any(found)


def of(lines: list[Fields], event: str) -> list[Fields]:
    return [line for line in lines if line["event"] == event]


def test_what_passes_is_done_once_and_each_attempt_is_told(
    running: Running, url: str, announce: Announce, start: Start, written: list[Fields]
) -> None:
    start("chat.relay")
    handler = Handler(times(3, Transient("the mail server is away")))
    with running.consume(handler):
        announce([new_id()], 1)
        wait_for(lambda: rows(url, INBOX), 20)
    assert len(handler.tried) == 4
    assert len(rows(url, "SELECT event_id FROM activity")) == 1
    told = of(written, "event.later")
    assert [line["attempt"] for line in told] == [1, 2, 3]
    assert [line["reason"] for line in told] == ["Transient: the mail server is away"] * 3
    assert all(line["request_id"] for line in told)
    for line, most in zip(told, (0.2, 0.4, 0.4), strict=True):
        assert most / 2 <= line["delay"] <= most
    assert running.host.take(DEAD) == []


def test_who_comes_after_passes(
    running: Running, url: str, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    late = new_id()
    done = threading.Event()
    handler = Handler(
        lambda event: Transient() if event["subject"] == late and not done.is_set() else None
    )
    with running.consume(handler):
        announce([late], 1)
        wait_for(lambda: handler.tried, 20)
        announce([new_id()], 5)
        wait_for(lambda: len(rows(url, INBOX)) == 5)
        done.set()
        wait_for(lambda: len(rows(url, INBOX)) == 6)
    assert len(rows(url, "SELECT event_id FROM activity")) == 6


@pytest.mark.parametrize(
    ("error", "attempts", "reason"),
    [
        (Permanent("no such account"), 1, "Permanent: no such account"),
        (Transient("away"), 4, "Transient: away"),
        (Overloaded("not now"), 4, "Overloaded: not now"),
        (ValueError(SECRET), 2, "ValueError"),
    ],
    ids=["permanent", "transient", "unavailable", "poison"],
)
def test_after_the_stated_attempts_it_is_a_dead_letter_that_says_all(
    running: Running,
    url: str,
    announce: Announce,
    start: Start,
    written: list[Fields],
    error: Exception,
    attempts: int,
    reason: str,
) -> None:
    start("chat.relay")
    handler = Handler(lambda _: error)
    with running.consume(handler):
        announce([new_id()], 1)
        wait_for(lambda: of(written, "event.dead"), 20)
    ((event, properties),) = running.host.take(DEAD)
    assert handler.tried == [event["id"]] * attempts
    assert properties.headers["x-attempts"] == attempts
    assert properties.headers["x-reason"] == reason
    assert "x-death" not in properties.headers
    assert properties.message_id == event["id"]
    assert event["time"] <= properties.headers["x-first-failed"] <= rfc3339(now_ms())
    assert len(of(written, "event.later")) == attempts - 1
    assert SECRET not in repr(written)
    assert is_empty(running.host)
    assert rows(url, INBOX) == []


def test_what_the_schema_refuses_is_a_dead_letter_at_once(
    running: Running, written: list[Fields]
) -> None:
    handler = Handler(lambda _: None)
    with running.consume(handler):
        running.host.publish(b'{"secret": 1}')
        wait_for(lambda: of(written, "event.dead"), 20)
    ((body, properties),) = running.host.take(DEAD)
    assert body == {"secret": 1}
    assert properties.headers["x-attempts"] == 1
    assert properties.headers["x-reason"].startswith("Unacceptable: urn:chat:cloudevent")
    assert handler.tried == []


def test_killed_between_delay_and_acknowledgement_it_is_there_twice_and_done_once(
    running: Running, url: str, announce: Announce, start: Start, written: list[Fields]
) -> None:
    start("chat.relay")
    announce([new_id()], 1)
    dying = start("-c", DIES_BETWEEN_DELAY_AND_ACKNOWLEDGEMENT)
    assert dying.process.wait(120) == -signal.SIGKILL
    handler = Handler(lambda _: None)
    with running.consume(handler):
        wait_for(lambda: of(written, "event.again"), 20)
    assert len(handler.tried) == 1
    assert len(rows(url, "SELECT event_id FROM activity")) == 1
    assert is_empty(running.host)


def test_while_nothing_may_be_written_all_wait_in_the_queue_and_lose_no_attempt(
    running: Running, url: str, announce: Announce, start: Start, written: list[Fields]
) -> None:
    start("chat.relay")
    announce([new_id()], 3)
    with running.database.write_in_any_mode() as connection:
        set_mode(connection, Mode.READ_ONLY)
    with running.consume(Handler(lambda _: None)):
        wait_for(lambda: len(of(written, "event.waits")) > RETRIES.attempts, 20)
        with running.database.write_in_any_mode() as connection:
            set_mode(connection, Mode.OPEN)
        wait_for(lambda: len(rows(url, INBOX)) == 3, 20)
    assert of(written, "event.later") == []


def test_a_delay_queue_that_is_gone_loses_nothing(
    running: Running, url: str, announce: Announce, start: Start, written: list[Fields]
) -> None:
    start("chat.relay")
    handler = Handler(times(1, Transient("away")))
    with running.consume(handler):
        wait_for(lambda: of(written, "consumer.connected"), 20)
        with running.host.connection() as connection:
            connection.channel().queue_delete(RETRIED.queues[0].delayed(0.2))
        announce([new_id()], 1)
        wait_for(lambda: rows(url, INBOX), 20)
    assert of(written, "consumer.waits")
    assert len(rows(url, "SELECT event_id FROM activity")) == 1
