"""Nothing that people wrote, and nothing that lets somebody in, is in a span that gets out."""

import json
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.exporter.zipkin.json.v2 import JsonV2Encoder
from opentelemetry.exporter.zipkin.node_endpoint import NodeEndpoint
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from traced import NEVER, Traced

from chassis.tracing.cleaning import ALLOWED, LONGEST, clean, summary

SECRET = "s3cret-t0ken"
ATTRIBUTES = [
    "client.address",
    "db.query.parameter.0",
    "db.query.text",
    "db.statement",
    "db.user",
    "enduser.id",
    "exception.message",
    "http.request.header.authorization",
    "http.response.header.set_cookie",
    "http.target",
    "http.url",
    "http.user_agent",
    "messaging.message.body",
    "net.peer.ip",
    "network.peer.address",
    "server.address",
    "url.full",
    "url.path",
    "url.query",
    "user_agent.original",
]


def written(span: ReadableSpan) -> str:
    """What Zipkin gets of it."""
    return JsonV2Encoder().serialize([span], NodeEndpoint())  # type: ignore[list-item]


def recorded(
    name: str = "x", kind: SpanKind = SpanKind.CLIENT, /, **attributes: Any
) -> ReadableSpan:
    """A span that has ended with these attributes; dots are written as two underscores."""
    span = Traced(NEVER).tracer.start_span(name, Context(), SpanKind.CONSUMER)
    for key, value in attributes.items():
        span.set_attribute(key.replace("__", "."), value)
    span.end()
    assert isinstance(span, ReadableSpan)
    span._kind = kind
    return span


def test_only_what_is_listed_gets_out() -> None:
    span = recorded(
        **{one.replace(".", "__"): f"{SECRET} in {one}" for one in ATTRIBUTES},
        http__route="/api/v1/x",
        whatever_comes_next=SECRET,
    )
    assert SECRET in repr(span.attributes)
    assert SECRET not in written(clean(span))
    assert dict(clean(span).attributes or {}) == {"http.route": "/api/v1/x"}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_what_libraries_record_is_not_listed(attribute: str) -> None:
    assert attribute not in ALLOWED


def test_of_an_exception_only_its_class_gets_out() -> None:
    traced = Traced(NEVER)
    entered = traced.tracer.start_as_current_span("x", Context(), SpanKind.CONSUMER)
    with pytest.raises(ValueError, match=SECRET), entered:
        raise ValueError(f"cannot be read: {SECRET}")
    (span,) = traced.sent()
    assert span.status.status_code is StatusCode.ERROR
    assert "ValueError" in written(span)
    assert SECRET not in written(span)


@pytest.mark.parametrize("kind", list(SpanKind))
@pytest.mark.parametrize(
    "name", [f"GET /api/v1/{SECRET}", f"/?q={SECRET}", f"'{SECRET}'", f"é{SECRET}", ""]
)
def test_a_name_that_a_library_makes_of_a_path_is_not_taken(kind: SpanKind, name: str) -> None:
    assert SECRET not in written(clean(recorded(name, kind)))


def test_a_request_is_named_by_its_route() -> None:
    told = {"http__request__method": "GET", "http__route": "/api/v1/profiles/<uuid:user_id>"}
    span = clean(recorded(f"GET /{SECRET}", SpanKind.SERVER, **told))
    assert span.name == "GET /api/v1/profiles/<uuid:user_id>"
    assert clean(recorded("x", SpanKind.SERVER, http__request__method="GET")).name == "GET"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT messages.id, body FROM messages WHERE body = %s", "SELECT messages"),
        ("  SELECT 1", "SELECT"),
        ("INSERT INTO outbox (lane) SELECT * FROM unnest(%s)", "INSERT outbox"),
        ("UPDATE timelines SET rev = 1", "UPDATE timelines"),
        ("UPDATE ONLY timelines SET rev = 1", "UPDATE timelines"),
        ("DELETE FROM outbox WHERE id IN (SELECT 1)", "DELETE outbox"),
        ("COMMIT; SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint", "COMMIT"),
        ("-- a comment\nBEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN"),
        ("SELECT * FROM unnest(%s::bigint[])", "SELECT"),
        (f"SELECT 'a FROM {SECRET}'", "SELECT"),
        (f"'{SECRET}'", "statement"),
        ("", "statement"),
    ],
)
def test_a_statement_is_named_by_what_it_does_to_which_table(statement: str, name: str) -> None:
    assert summary(statement) == name
    told = {"db__system__name": "postgresql", "db__query__text": statement}
    assert clean(recorded("SELECT", **told)).name == name


def test_commands_to_redis_keep_their_names() -> None:
    assert clean(recorded("SET EXPIRE", db__system__name="redis")).name == "SET EXPIRE"


def test_values_are_bounded() -> None:
    span = clean(recorded("a" * 999, http__route="/" + "b" * 999, db__namespace="c" * 999))
    assert len(span.name) == LONGEST
    for value in json.loads(written(span))[0]["tags"].values():
        assert len(value) <= LONGEST


def test_what_a_span_is_stays() -> None:
    span = recorded(http__request__method="GET", http__response__status_code=200)
    cleaned = clean(span)
    assert (cleaned.start_time, cleaned.end_time) == (span.start_time, span.end_time)
    assert (cleaned.kind, cleaned.parent) == (span.kind, span.parent)
    assert cleaned.context is not None
    assert span.context is not None
    assert cleaned.context.span_id == span.context.span_id
    assert dict(cleaned.attributes or {})["http.response.status_code"] == 200
