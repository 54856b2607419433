"""A whole application that is traced: what its libraries record, and what of that gets out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from caching import RedisServer, Somebody, app_on, until_on
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind
from traced import Traced

from chassis.tracing import setup

TEXT = "the-text-of-a-message"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path).start()
    yield server
    server.close()


@pytest.fixture
def app(
    tmp_path: Path, redis: RedisServer, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> Flask:
    """The application, in a process that is traced."""
    monkeypatch.setattr(setup, "_current", traced.tracing)
    return until_on(app_on(tmp_path, redis.url))


def requests(traced: Traced, route: str) -> list[ReadableSpan]:
    """The spans of requests to a route."""
    return [span for span in traced.sent() if span.name.endswith(route)]


def below(traced: Traced, request: ReadableSpan) -> list[str]:
    """The names of what a request has done itself, in its order."""
    found = [span for span in traced.sent() if span.parent and span.parent == request.context]
    return [span.name for span in sorted(found, key=lambda span: span.start_time or 0)]


def test_a_request_shows_its_statements_and_its_commands(app: Flask, traced: Traced) -> None:
    ann, bob = Somebody(app), Somebody(app)
    ann.group(bob)
    ann.list()
    (made,) = requests(traced, "POST /api/v1/conversations")
    names = below(traced, made)
    assert "INSERT conversations" in names
    assert "INSERT outbox" in names
    assert names.index("INSERT conversations") < names.index("COMMIT")
    (listed,) = requests(traced, "GET /api/v1/conversations")
    assert any(name.startswith("SELECT ") for name in below(traced, listed))
    systems = {(span.attributes or {}).get("db.system.name") for span in traced.sent()}
    assert {"postgresql", "redis"} <= systems


def test_no_statement_is_a_trace_of_its_own(app: Flask, traced: Traced) -> None:
    app.test_client().get("/readyz")
    Somebody(app).list()
    roots = [span for span in traced.sent() if span.parent is None or span.parent.is_remote]
    assert roots
    assert {span.kind for span in roots} <= {SpanKind.SERVER, SpanKind.CONSUMER}


def test_nothing_that_people_wrote_or_show_is_in_any_span(app: Flask, traced: Traced) -> None:
    ann, bob = Somebody(app), Somebody(app)
    group = ann.group(bob)
    ann.send(group, TEXT)
    ann.ask("GET", f"/conversations?cursor={TEXT}")
    ann.ask("POST", "/conversations", {"kind": TEXT})
    app.test_client().get(f"/{TEXT}", headers={"Cookie": TEXT, "User-Agent": TEXT})
    written = json.dumps([json.loads(span.to_json()) for span in traced.sent()])
    assert len(traced.sent()) > 20
    for secret in (TEXT, "correct horse", "Lunch", *ann.tokens.values()):
        assert str(secret) not in written, secret
    for word in (
        "127.0.0.1",
        "localhost",
        "http://",
        "Bearer",
        "cursor",
        "SELECT *",
        "%s",
        "WHERE",
    ):
        assert word not in written, word
