"""The floor does what the phase does: statement by statement, on a database like its own."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from caching import RedisServer
from drills import floor
from flask import Flask
from flask.testing import FlaskClient
from postgres import address_of
from werkzeug.test import Client

Ask = Callable[[Any, str, dict[str, str]], Any]


def _send(client: Any, conversation: str, who: dict[str, str]) -> Any:
    path = f"/api/v1/conversations/{conversation}/messages"
    return client.post(path, json={"client_id": "c1", "body": "hello"}, headers=who)


def _list(client: Any, _conversation: str, who: dict[str, str]) -> Any:
    return client.get("/api/v1/conversations?limit=50", headers=who)


def _history(client: Any, conversation: str, who: dict[str, str]) -> Any:
    return client.get(f"/api/v1/conversations/{conversation}/messages?limit=50", headers=who)


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
    with floor._connection() as connection:
        connection.close()
    floor._idle.get()
    floor._idle.put(None)


@pytest.mark.parametrize("ask", [_send, _list, _history])
def test_it_runs_the_same_statements(
    client: FlaskClient, floor_client: Client, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    who, conversations = _somebody_with_two_conversations(client)
    for one in (client, floor_client):
        _list(one, "", who)  # a list is compared when it is cached
    statements = _traced(monkeypatch)
    answers, shapes = [], []
    for asked, conversation in zip((client, floor_client), conversations, strict=True):
        answers.append(ask(asked, conversation, who).status_code)
        shapes.append(_shapes(statements))
        statements.clear()
    assert answers in ([200, 200], [201, 201])
    assert shapes[1] == shapes[0]


def test_it_gives_the_same_pages(client: FlaskClient, floor_client: Client) -> None:
    who, conversations = _somebody_with_two_conversations(client)
    assert _send(floor_client, conversations[0], who).status_code == 201
    for ask in (_list, _history):
        ours = ask(client, conversations[0], who).json["items"]
        floors = ask(floor_client, conversations[0], who).json["items"]
        assert [one["id"] for one in floors] == [one["id"] for one in ours]


def test_a_copy_has_what_the_original_has_and_is_apart(
    client: FlaskClient, floor_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, conversations = _somebody_with_two_conversations(client)
    for name, value in floor.copy_tables().items():
        monkeypatch.setenv(name, value)
    assert _send(floor_client, conversations[0], who).status_code == 201
    seqs = [
        [one["seq"] for one in _history(asked, conversations[0], who).json["items"]]
        for asked in (client, floor_client)
    ]
    assert seqs == [[1], [1, 2]]


def _somebody_with_two_conversations(
    client: FlaskClient,
) -> tuple[dict[str, str], list[str]]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens: Any = client.post("/api/v1/auth/register", json=body).json
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    groups = []
    for name in ("one", "two"):
        group: dict[str, Any] = {"kind": "group", "name": name, "member_ids": []}
        answer: Any = client.post("/api/v1/conversations", json=group, headers=who).json
        groups.append(str(answer["id"]))
    return who, groups


def _traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def traced(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(query)
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", traced)
    return statements


def _shapes(statements: list[str]) -> list[str]:
    """Return statements without their layout, and without what a parameter is and is called."""
    parameter = r'%(\(\w+\))?s(::[\w\[\]]+)?( COLLATE "C")?'
    return [re.sub(r"\s+", " ", re.sub(parameter, "?", one)).strip() for one in statements]
