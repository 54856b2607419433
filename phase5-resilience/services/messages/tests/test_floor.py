"""The floor sends and reads as messages does: statement by statement, on a database like its."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from drills import floor
from playing import Group, Somebody
from postgres import address_of
from redises import RedisServer
from tracing import shapes, traced
from werkzeug.test import Client

Ask = Callable[[str, str, Any], Any]


class AtFloor:
    """The same person at the floor."""

    def __init__(self, person: Somebody) -> None:
        token = jwt.encode({"sub": person.id}, "-" * 32)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = Client(floor.application)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a request below /conversations."""
        path = f"/api/v1/conversations{path}"
        return self._client.open(path, method=method, json=body, headers=self._headers)


@pytest.fixture
def floored(ann: Somebody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AtFloor]:
    """Ann, at the floor on the database of messages."""
    redis = RedisServer(tmp_path).start()
    monkeypatch.setenv("CHAT_CACHE_URL", redis.url)
    monkeypatch.setattr(floor, "_local", threading.local())
    monkeypatch.setenv("CHAT_DATABASE_URL", address_of(tmp_path / "data"))
    yield AtFloor(ann)
    floor.forget_connections()
    redis.close()


def _send(ask: Ask, group: Group) -> Any:
    return ask("POST", f"{group.path}/messages", {"client_id": "c1", "body": "hello"})


def _history(ask: Ask, group: Group) -> Any:
    return ask("GET", f"{group.path}/messages?limit=50", None)


def _groups(group: Group, ann: Somebody) -> list[Group]:
    other = Group(group._client, group._at, ann)
    other.bring(1)
    return [group, other]


@pytest.mark.parametrize("do", [_send, _history])
def test_it_runs_the_same_statements(
    group: Group, ann: Somebody, floored: AtFloor, monkeypatch: pytest.MonkeyPatch, do: Any
) -> None:
    groups = _groups(group, ann)
    statements = traced(monkeypatch)
    answers, sent = [], []
    for ask, one in zip((ann.ask, floored.ask), groups, strict=True):
        answers.append(do(ask, one).status_code)
        sent.append(shapes(statements))
        statements.clear()
    assert answers in ([200, 200], [201, 201])
    assert sent[1] == sent[0]


def test_it_gives_the_same_pages(group: Group, ann: Somebody, floored: AtFloor) -> None:
    assert _send(floored.ask, group).status_code == 201
    ours, floors = (_history(ask, group).json["items"] for ask in (ann.ask, floored.ask))
    assert [one["id"] for one in floors] == [one["id"] for one in ours]
    assert len(ours) == 2


def test_a_copy_has_what_the_original_has_and_is_apart(
    group: Group, ann: Somebody, floored: AtFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in floor.copy_tables().items():
        monkeypatch.setenv(name, value)
    assert _send(floored.ask, group).status_code == 201
    seqs = [
        [one["seq"] for one in _history(ask, group).json["items"]] for ask in (ann.ask, floored.ask)
    ]
    assert seqs == [[1], [1, 2]]
