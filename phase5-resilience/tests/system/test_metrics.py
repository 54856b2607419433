"""The metrics: they count what they say, within bounds, and only operators see them."""

import random
import shutil
import string
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from postgres import settings_for
from running import Person, Server, metric, wait_for
from sqlalchemy import text
from stand_in import create_app
from werkzeug.test import TestResponse

from chassis import services
from chassis.database import Database
from chassis.health import Health
from chassis.metrics import RequestMetrics
from chassis.mode import Mode, set_mode

INSIDE = "http://localhost:9000"
"""Where the listener for operations is; a test client says so by its address."""


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application, with a second listener."""
    return create_app(settings_for(tmp_path / "data", operations_bind="0.0.0.0:9000"))


def exposed(client: FlaskClient) -> str:
    return client.get("/metrics", base_url=INSIDE).text


def register(client: FlaskClient) -> dict[str, str]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens = client.post("/api/v1/auth/register", json=body).json
    assert tokens is not None
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def series(client: FlaskClient) -> set[str]:
    return {
        line.rpartition(" ")[0] for line in exposed(client).splitlines() if line.startswith("chat_")
    }


def odd(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=12))


def test_a_thousand_odd_requests_make_no_more_series_than_ten(client: FlaskClient) -> None:
    chance = random.Random(0)

    def ask(times: int) -> None:
        for _ in range(times):
            client.open(f"/{odd(chance)}/{odd(chance)}", method=odd(chance).upper())
            client.open("/api/v1/conversations", method=odd(chance).upper())
            client.get(f"/api/v1/conversations/{odd(chance)}")
            client.get("/api/v1/conversations", headers={"Authorization": f"Bearer {odd(chance)}"})
            client.get(f"/socket.io/?ticket={odd(chance)}&transport={odd(chance)}")

    ask(10)
    before = series(client)
    ask(200)
    assert series(client) == before
    methods = {line.split('method="')[1].split('"')[0] for line in before if 'method="' in line}
    assert methods == {"GET", "OTHER"}


def test_requests_are_counted_by_template_and_status(client: FlaskClient) -> None:
    who = register(client)
    for _ in range(3):
        client.get("/api/v1/conversations", headers=who)
    client.get("/api/v1/conversations")
    name = "chat_http_request_duration_seconds_count"
    labels = {"method": "GET", "route": "/api/v1/conversations"}
    assert metric(exposed(client), name, status="200", **labels) == 3
    assert metric(exposed(client), name, status="401", **labels) == 1
    assert metric(exposed(client), "chat_problems_total", type="unauthenticated") == 1


def test_statements_and_waits_are_those_of_the_requests(client: FlaskClient) -> None:
    who = register(client)

    def now(name: str, **labels: str) -> float:
        return metric(exposed(client), name, **labels)

    def counts() -> list[float]:
        return [
            now("chat_database_statements_total"),
            now("chat_wait_seconds_count", resource="connection"),
            now("chat_database_seconds_count"),
        ]

    before = counts()
    answer = client.get("/api/v1/conversations", headers=who)
    assert 'desc="2 queries"' in answer.headers["Server-Timing"]
    assert [late - early for late, early in zip(counts(), before, strict=True)] == [2, 1, 1]


def test_the_cache_is_counted_by_kind_and_outcome(cached: Flask) -> None:
    client = cached.test_client()
    metrics = services.of(cached).get(RequestMetrics)

    def sought(kind: str, outcome: str) -> float:
        labels = {"kind": kind, "outcome": outcome}
        return metrics.registry.get_sample_value("chat_cache_documents_total", labels) or 0

    who = register(client)
    body = {"kind": "group", "name": "G", "member_ids": []}
    client.post("/api/v1/conversations", json=body, headers=who)
    for _ in range(3):
        client.get("/api/v1/conversations", headers=who)
    assert (sought("conversation", "miss"), sought("conversation", "hit")) == (1, 2)


def test_how_long_the_oldest_event_has_waited_is_told(app: Flask, client: FlaskClient) -> None:
    def seconds() -> float:
        return metric(exposed(client), "chat_outbox_oldest_seconds")

    assert seconds() == 0
    body = {"kind": "group", "name": "G", "member_ids": []}
    answer = client.post("/api/v1/conversations", json=body, headers=register(client))
    assert answer.status_code == 201
    first = seconds()
    wait_for(lambda: seconds() > first)
    assert metric(exposed(client), "chat_outbox_waiting") > 0
    with services.of(app).get(Database).write() as work:
        work.connection.execute(text("UPDATE outbox SET published_at = 1"))
    assert seconds() == 0


def test_nothing_is_in_flight_when_all_is_answered(server: Server) -> None:
    server.start()
    ann = Person(server.url)
    ann.send(ann.group(), "m1")
    httpx.get(f"{server.url}/nowhere")
    assert server.metric("chat_http_requests_in_flight") == 0


def test_promtool_finds_nothing_to_complain_of(server: Server) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    server.start()
    ann = Person(server.url)
    ann.send(ann.group(), "m1")
    text = httpx.get(f"{server.operations}/metrics").text
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


# the second listener


@pytest.mark.parametrize("path", ["/metrics", "/main.js", "/web/dashboard/draw.js"])
def test_operations_are_on_their_own_listener(server: Server, path: str) -> None:
    server.start()
    inside = int(server.operations.rpartition(":")[2])
    claims = {"Host": f"127.0.0.1:{inside}", "X-Forwarded-Port": str(inside)}
    assert httpx.get(f"{server.operations}{path}").status_code == 200
    answer = httpx.get(f"{server.url}{path}", headers=claims)
    assert answer.status_code == 404
    answer = httpx.get(f"http://127.0.0.1:{server.port}{path}", headers={"Server-Port": "9000"})
    assert "chat_" not in answer.text


def test_the_api_is_not_on_the_listener_for_operations(server: Server) -> None:
    server.start()
    for path in ("/api/v1/system", "/lesson", "/socket.io/", "/web/../gunicorn.conf.py"):
        assert httpx.get(f"{server.operations}{path}").status_code == 404


def test_without_an_address_there_is_no_listener_for_operations(tmp_path: Path) -> None:
    client = create_app(settings_for(tmp_path)).test_client()
    for address in ("http://localhost", INSIDE, "http://localhost:0"):
        assert client.get("/metrics", base_url=address).status_code == 404


# readiness, in detail


def readiness(client: FlaskClient) -> TestResponse:
    return client.get("/readyz", base_url=INSIDE)


def test_without_the_cache_it_is_degraded_and_ready(client: FlaskClient) -> None:
    answer = readiness(client)
    assert answer.status_code == client.get("/readyz").status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "degraded"
    assert answer.json["dependencies"]["cache"]["state"] == "down"
    assert answer.json["dependencies"]["database"]["state"] == "up"
    assert answer.json["dependencies"]["database"]["ms"] > 0
    breakers = answer.json["breakers"]
    assert breakers.pop("cache") in {"open", "half-open"}
    assert breakers == dict.fromkeys(["auth", "database", "messages", "profiles"], "closed")


def test_without_the_database_it_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "is_alive", lambda _self: False)
    answer = readiness(client)
    assert answer.status_code == client.get("/readyz").status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "not-ready"
    assert answer.json["dependencies"]["database"]["state"] == "down"


def test_during_an_import_it_is_not_ready(app: Flask, client: FlaskClient) -> None:
    with services.of(app).get(Database).write_in_any_mode() as connection:
        set_mode(connection, Mode.IMPORTING)
    answer = readiness(client)
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["reason"] == "Data is being imported."


def test_with_everything_there_it_is_ready(cached: Flask) -> None:
    report, ready = services.of(cached).get(Health).report()
    assert ready
    assert report["status"] == "ready"


def test_a_stopping_server_says_so_in_its_metrics_while_it_serves(server: Server) -> None:
    server.start()
    ann = Person(server.url)
    conversation = ann.group()
    assert server.metric("chat_stopping") == 0
    server.terminate()

    def stopping() -> Any:
        return server.metric("chat_stopping") == 1

    wait_for(stopping)
    assert httpx.get(f"{server.operations}/readyz").json()["reason"] == "This process is stopping."
    assert ann.send(conversation, "m1").status_code == 201
    assert server.process.wait(timeout=30) == 0
