"""The floor lists what the phase lists: statement by statement, on a database like its own.

What it does of messages, services/messages/tests/test_floor.py holds against messages.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stand_in
from caching import RedisServer
from drills import floor
from flask import Flask
from flask.testing import FlaskClient
from postgres import address_of
from tracing import shapes, traced
from werkzeug.test import Client


def _list(client: Any, who: dict[str, str]) -> Any:
    return client.get("/api/v1/conversations?limit=50", headers=who)


@pytest.fixture
def app(cached: Flask) -> Flask:
    """The application with its cache: the floor has one too."""
    return cached


@pytest.fixture
def floor_client(
    app: Flask, redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """The floor on the application's database and cache."""
    monkeypatch.setenv("CHAT_CACHE_URL", redis.url)
    monkeypatch.setattr(floor, "_local", threading.local())
    monkeypatch.setenv("CHAT_DATABASE_URL", address_of(tmp_path / "data"))
    yield Client(floor.application)
    assert app is not None
    floor.forget_connections()


def test_it_runs_the_same_statements_and_gives_the_same_page(
    client: FlaskClient, floor_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = _somebody_with_two_conversations(client)
    for one in (client, floor_client):
        _list(one, who)  # a list is compared when it is cached
    monkeypatch.setattr(stand_in, "bring_events", lambda _url: None)
    statements = traced(monkeypatch)
    answers, sent = [], []
    for asked in (client, floor_client):
        answers.append(_list(asked, who))
        sent.append(shapes(statements))
        statements.clear()
    assert [one.status_code for one in answers] == [200, 200]
    assert sent[1] == sent[0]
    ours, floors = (one.json["items"] for one in answers)
    assert len(ours) == 2
    for name in ("id", "last_seq", "unread_count", "last_message"):
        assert [one[name] for one in floors] == [one[name] for one in ours]


def _somebody_with_two_conversations(client: FlaskClient) -> dict[str, str]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens: Any = client.post("/api/v1/auth/register", json=body).json
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    for name in ("one", "two"):
        group: dict[str, Any] = {"kind": "group", "name": name, "member_ids": []}
        assert client.post("/api/v1/conversations", json=group, headers=who).status_code == 201
    return who
