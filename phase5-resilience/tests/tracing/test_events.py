"""From outbox to consumer, without a broker: an event's way is part of the trace of its request."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from brokers import rows
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from postgres import address_of
from traced import NEVER, Traced, below

from chassis.database import Database
from chassis.errors import NotReady
from chassis.events import new_event
from chassis.ids import new_id
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.errors import Permanent
from chassis.messaging.outbox import Outbox
from chassis.messaging.publisher import ConfirmedPublisher, Message
from chassis.messaging.relay import Relay
from chassis.messaging.settings import WorkerSettings
from chassis.work import Work
from chat.catalogue import TOPICS, schemas
from events.topology import ACTIVITY, TOPOLOGY

TRACE = 0x01907C0E8D1D70008000000000000000


class Publisher:
    """A broker that takes everything, or nothing."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.taken: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> None:
        if self.error:
            raise self.error
        self.taken += messages


@pytest.fixture
def database(tmp_path: Path, traced: Traced) -> Iterator[Database]:
    """A database with an outbox, in a process that is traced."""
    url = address_of(tmp_path)
    settings = WorkerSettings.model_validate({"database_url": url, "database_connections": 2})
    database = Database(settings, outbox=Outbox(TOPICS, 1000))
    yield database
    database.close()


def announce(database: Database, traced: Traced, *, sampled: bool = True) -> ReadableSpan:
    """Have a request announce something; return its span."""
    data = {"user_id": new_id(), "read_seq": 1}
    with (
        traced.tracer.start_as_current_span(
            "r", below(TRACE, sampled=sampled), SpanKind.SERVER
        ) as span,
        database.write() as work,
    ):
        work.announce(new_event("read", data, conversation_id=new_id()))
    return cast(ReadableSpan, span)


def move(directory: Path, publisher: Publisher) -> int:
    relay = Relay("", cast(Any, None), TOPOLOGY, 300)
    with psycopg.connect(address_of(directory), autocommit=True) as connection:
        return relay.move(connection, cast(ConfirmedPublisher, publisher))


def consumer(database: Database, handle: Any) -> Consumer:
    return Consumer(
        ACTIVITY,
        handle,
        database=database,
        broker=cast(Any, None),
        topology=TOPOLOGY,
        schemas=schemas(),
    )


def named(traced: Traced, name: str) -> ReadableSpan:
    """The one span of this name."""
    (found,) = (span for span in traced.sent() if span.name == name)
    return found


def test_a_relay_and_a_consumer_work_below_the_request(
    tmp_path: Path, database: Database, traced: Traced
) -> None:
    request, publisher = announce(database, traced), Publisher()
    assert move(tmp_path, publisher) == 1
    (message,) = publisher.taken
    handled: list[CloudEvent] = []

    def handle(_work: Work, event: CloudEvent) -> None:
        handled.append(event)

    properties = SimpleNamespace(headers=None, message_id=message.id)
    answer = consumer(database, handle)._deal_with(properties, message.body.encode(), lambda: False)
    assert answer is not None
    assert handled
    published = named(traced, "publish conversation.read")
    consumed = named(traced, "process activity")
    for span in (published, consumed):
        assert span.parent is not None
        assert request.context is not None
        assert (span.parent.trace_id, span.parent.span_id) == (TRACE, request.context.span_id)
        assert (span.attributes or {})["messaging.message.id"] == message.id
    names = [span.name for span in traced.sent() if span.parent == consumed.context]
    assert "INSERT inbox" in names
    assert "COMMIT" in names


def test_what_a_consumer_gives_up_is_kept_though_nobody_sampled_it(
    tmp_path: Path, database: Database, traced: Traced
) -> None:
    announce(database, traced, sampled=False)
    publisher = Publisher()
    move(tmp_path, publisher)
    (message,) = publisher.taken

    def refuse(_work: Work, _event: CloudEvent) -> None:
        raise Permanent("never")

    properties = SimpleNamespace(headers=None, message_id=message.id)
    consumer(database, refuse)._deal_with(properties, message.body.encode(), lambda: False)
    consumed = named(traced, "process activity")
    assert consumed.status.status_code is StatusCode.ERROR
    assert "r" not in {span.name for span in traced.sent()}
    assert "HTTP" not in {span.name for span in traced.sent()}, "the request went well"


def test_events_that_no_broker_takes_stay_and_are_seen(
    tmp_path: Path, database: Database, traced: Traced
) -> None:
    announce(database, traced)
    with pytest.raises(NotReady):
        move(tmp_path, Publisher(NotReady("away")))
    assert named(traced, "publish conversation.read").status.status_code is StatusCode.ERROR
    assert rows(address_of(tmp_path), "SELECT published_at FROM outbox") == [(None,)]
    assert move(tmp_path, Publisher()) == 1


def test_a_relay_alone_begins_no_traces_with_its_own_statements(
    tmp_path: Path, database: Database, traced: Traced
) -> None:
    traced.tracing.provider.sampler._rate = NEVER  # type: ignore[attr-defined]
    assert move(tmp_path, Publisher()) == 0
    assert traced.sent() == []
