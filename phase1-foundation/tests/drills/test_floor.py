"""The floor does what the phase does: statement by statement, on a database like its own."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from caching import RedisServer
from drills import floor
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from chassis import services
from chassis.database import Database
from chassis.tokens import hash_token

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
) -> Iterator[tuple[Client, sqlite3.Connection]]:
    """The floor on the application's database, and its connection."""
    monkeypatch.setenv("CHAT_CACHE_URL", redis.url)
    monkeypatch.setattr(floor, "_local", threading.local())
    with closing(floor.connect(str(tmp_path / "data" / "chat.sqlite3"))) as connection:
        monkeypatch.setattr(floor._local, "connection", connection, raising=False)
        yield Client(floor.application), connection
    assert app is not None


@pytest.mark.parametrize("ask", [_send, _list, _history])
def test_it_runs_the_same_statements(
    app: Flask,
    client: FlaskClient,
    floor_client: tuple[Client, sqlite3.Connection],
    ask: Ask,
) -> None:
    who, conversations = _somebody_with_two_conversations(client)
    database: Database = services.of(app).get(Database)
    with database.read() as connection:
        raw: Any = connection.connection.dbapi_connection
    client_of_floor, floors = floor_client
    for one in (client, client_of_floor):
        _list(one, "", who)  # a list is compared when it is cached
    of_phase, of_floor = _traced(raw), _traced(floors)
    answers = [
        ask(client, conversations[0], who),
        ask(client_of_floor, conversations[1], who),
    ]
    assert [answer.status_code for answer in answers] in ([200, 200], [201, 201])
    assert _shapes(of_floor) == _shapes(of_phase)


def test_it_gives_the_same_pages(
    client: FlaskClient, floor_client: tuple[Client, sqlite3.Connection]
) -> None:
    who, conversations = _somebody_with_two_conversations(client)
    assert _send(floor_client[0], conversations[0], who).status_code == 201
    for ask in (_list, _history):
        ours = ask(client, conversations[0], who).json["items"]
        floors = ask(floor_client[0], conversations[0], who).json["items"]
        assert [one["id"] for one in floors] == [one["id"] for one in ours]


def _somebody_with_two_conversations(
    client: FlaskClient,
) -> tuple[dict[str, str], list[str]]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens: Any = client.post("/api/v1/auth/register", json=body).json
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert hash_token(tokens["access_token"])
    groups = []
    for name in ("one", "two"):
        group: dict[str, Any] = {"kind": "group", "name": name, "member_ids": []}
        answer: Any = client.post("/api/v1/conversations", json=group, headers=who).json
        groups.append(str(answer["id"]))
    return who, groups


def _traced(connection: sqlite3.Connection) -> list[str]:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    return statements


def _shapes(statements: list[str]) -> list[str]:
    """Return statements without their values and their layout."""
    values = r"x'[0-9a-f]*'|'(?:[^']|'')*'|\b\d+\b|NULL"
    return [re.sub(r"\s+", " ", re.sub(values, "?", one)).strip() for one in statements]
