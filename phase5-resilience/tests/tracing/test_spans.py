"""Spans of calls, events and requests: their names and parents, and the header that joins them."""

import re
from typing import Any

import pytest
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from traced import NEVER, Traced, below

from chassis import context
from chassis.calls import Answer, Calls
from chassis.clock import now_ms
from chassis.correlation import traceparent
from chassis.errors import NotReady
from chassis.events import Announcement, new_event
from chassis.messaging.cloudevents import cloud_event
from chassis.tracing import spans
from chassis.tracing.setup import follow
from chassis.tracing.spans import Waited, consuming, publishing

TRACE = "0190b0a4e5d37c0e8d1d000000000001"
PARENT = f"00-{TRACE}-00000000000000aa-01"
EVENT: dict[str, Any] = {"id": "an-event", "traceparent": PARENT}
SECRET = "s3cret-t0ken"


def ids(span: ReadableSpan) -> tuple[str, str]:
    """A span's trace and parent, as headers have them."""
    assert span.context is not None
    parent = span.parent.span_id if span.parent else 0
    return f"{span.context.trace_id:032x}", f"{parent:016x}"


class Other:
    """A service that answers in turn; None is that nobody is there."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.told: list[str] = []

    def ask(self, _method: str, _path: str, headers: Any, _body: bytes, _timeout: float) -> Answer:
        self.told.append(headers["traceparent"])
        if (status := self.answers.pop(0)) is None:
            raise NotReady("Nobody is there.")
        return Answer(status, "application/json", b"{}")


def app(traced: Traced) -> Flask:
    app = Flask("tried")
    traced.tracing.follow(app)

    @app.get("/things/<thing>")
    def thing(thing: str) -> str:
        return traceparent(None)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError(f"broken by {SECRET}")

    @app.get("/readyz")
    def ready() -> str:
        return "yes"

    return app


def test_each_try_of_a_call_has_a_span_that_the_other_service_is_told(traced: Traced) -> None:
    other = Other(None, 200)
    with traced.tracer.start_as_current_span("r", below(5, sampled=True), SpanKind.SERVER):
        Calls("messages", other).call("GET", "/timelines/1")
    first, second, _ = traced.sent()
    assert [first.name, second.name] == ["GET messages"] * 2
    assert [first.kind, second.kind] == [SpanKind.CLIENT] * 2
    assert first.status.status_code is StatusCode.ERROR
    assert second.status.status_code is StatusCode.UNSET
    for told, span in zip(other.told, (first, second), strict=True):
        assert span.context is not None
        assert told == f"00-{5:032x}-{span.context.span_id:016x}-01"
    assert dict(second.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "peer.service": "messages",
    }


def test_outside_of_any_trace_a_call_asks_for_none(traced: Traced) -> None:
    other = Other(200)
    Calls("auth", other).call("GET", "/ended-logins")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", other.told[0])
    assert traced.sent() == []


def test_an_event_is_below_what_it_came_from(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("r", below(5, sampled=True), SpanKind.SERVER) as span:
        event = cloud_event(Announcement(new_event("x.y", {}), []), "x.y")
        made = span.get_span_context()
    assert event["traceparent"] == f"00-{5:032x}-{made.span_id:016x}-01"


def test_without_a_span_the_request_is_the_trace_and_nobody_has_chosen_it() -> None:
    request_id = "01907c0e-8d1d-7000-8000-00000000abcd"
    assert re.fullmatch(
        rf"00-{request_id.replace('-', '')}-[0-9a-f]{{16}}-00", traceparent(request_id)
    )


def test_who_consumes_an_event_works_below_it_and_so_does_what_that_causes(traced: Traced) -> None:
    other = Other(200)
    with consuming("lists", EVENT):
        Calls("messages", other).call("GET", "/timelines/1")
    call, consumer = traced.sent()
    assert ids(consumer) == (TRACE, "00000000000000aa")
    assert (consumer.name, consumer.kind) == ("process lists", SpanKind.CONSUMER)
    assert dict(consumer.attributes or {}) == {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "lists",
        "messaging.message.id": "an-event",
    }
    assert call.parent == consumer.context
    assert other.told[0].startswith(f"00-{TRACE}-")


def test_what_a_consumer_cannot_do_is_seen(traced: Traced) -> None:
    with pytest.raises(NotReady), consuming("lists", EVENT):
        raise NotReady(SECRET)
    (span,) = traced.sent()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "chassis.errors.NotReady"


def test_the_way_to_the_broker_begins_in_the_outbox(traced: Traced) -> None:
    since = now_ms() - 300
    with publishing("events", [Waited("message.created", EVENT, since)]):
        pass
    (span,) = traced.sent()
    assert ids(span) == (TRACE, "00000000000000aa")
    assert (span.name, span.kind) == ("publish message.created", SpanKind.PRODUCER)
    assert span.start_time == since * 1_000_000
    assert (span.end_time or 0) - since * 1_000_000 >= 300_000_000
    assert (span.attributes or {})["messaging.operation.type"] == "send"
    assert (span.attributes or {})["messaging.destination.name"] == "events:message.created"


def test_of_what_is_not_sampled_only_late_events_are_seen_on_their_way(traced: Traced) -> None:
    unsampled = {**EVENT, "traceparent": PARENT[:-2] + "00"}
    traced.tracing.provider._active_span_processor._span_processors[0]._slow_ns = 1e9  # type: ignore[attr-defined]
    with publishing("events", [Waited("a", unsampled, now_ms()), Waited("b", unsampled, 5)]):
        pass
    assert traced.names() == ["publish b"]


def test_a_broker_that_does_not_take_events_is_seen(traced: Traced) -> None:
    with pytest.raises(NotReady), publishing("events", [Waited("a", EVENT, 5)] * 2):
        raise NotReady(SECRET)
    assert {(span.attributes or {})["error.type"] for span in traced.sent()} == {"NotReady"}


def test_a_request_has_a_span_under_the_parent_that_its_header_names(traced: Traced) -> None:
    answer = (
        app(traced)
        .test_client()
        .get(
            f"/things/{SECRET}?q={SECRET}",
            headers={"traceparent": PARENT, "Authorization": SECRET, "baggage": f"a={SECRET}"},
        )
    )
    (span,) = traced.sent()
    assert ids(span) == (TRACE, "00000000000000aa")
    assert (span.name, span.kind) == ("GET /things/<thing>", SpanKind.SERVER)
    assert span.context is not None
    assert answer.text == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/things/<thing>",
    }


def test_a_request_that_nobody_has_named_is_its_own_trace(traced: Traced) -> None:
    request_id = "01907c0e-8d1d-7000-8000-00000000abcd"
    with context.entered(None) as served:
        served.request_id = request_id
        app(traced).test_client().get("/things/1")
    assert ids(traced.sent()[0]) == (request_id.replace("-", ""), f"{0:016x}")


def test_a_request_that_breaks_is_kept_without_a_word_of_it() -> None:
    traced = Traced(NEVER)
    client = app(traced).test_client()
    assert client.get("/things/1").status_code == 200
    assert client.get("/broken").status_code == 500
    (span,) = traced.sent()
    assert span.name == "GET /broken"
    assert SECRET not in repr(span.to_json())


@pytest.mark.parametrize("path", ["/readyz", "/readyz?x=1"])
def test_probes_are_no_requests(traced: Traced, path: str) -> None:
    app(traced).test_client().get("/readyz")
    assert traced.sent() == []
    app(traced).test_client().get("/things/1?x=http://x/readyz")
    assert len(traced.sent()) == 1, "and nobody can pass for one"


def test_an_invented_method_is_no_new_name(traced: Traced) -> None:
    app(traced).test_client().open("/things/1", method=SECRET.upper())
    (span,) = traced.sent()
    assert SECRET.upper() not in repr(span.to_json())


def test_without_an_address_nothing_is_traced() -> None:
    plain = Flask("plain")
    follow(plain)
    assert plain.before_request_funcs == {}
    with spans.calling("x", "GET") as span:
        assert not span.is_recording()
