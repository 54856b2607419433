"""What realtime asks: who is in which conversation, and who shares one."""

import json
from pathlib import Path
from typing import Any

import pytest
from brokers import rows
from fake_auth import fake_auth
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody
from postgres import address_of, settings_for
from stand_in import create_app
from werkzeug.test import TestResponse

INSIDE = "http://127.0.0.1:9001"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The monolith, with a listener for services."""
    return create_app(settings_for(tmp_path / "data", internal_bind="0.0.0.0:9001"))


def _ask(client: FlaskClient, path: str, scope: str = "memberships:read") -> TestResponse:
    headers = {"Authorization": f"Bearer {fake_auth().token(scope)}"}
    return client.get(path, headers=headers, base_url=INSIDE)


def _told(client: FlaskClient, path: str) -> Any:
    answer = _ask(client, path)
    assert answer.status_code == 200, answer.text
    return answer.json


def _rooms(client: FlaskClient, person: Somebody) -> set[str]:
    path = f"/people/{person.id}/conversations"
    return {f"/conversations/{one}" for one in _told(client, path)["conversation_ids"]}


def test_it_is_told_who_is_in_which_conversation_at_that_moment(client: FlaskClient) -> None:
    ann, ben = (Somebody(client, name) for name in ("ann", "ben"))
    assert _rooms(client, ben) == set()
    first, second = ann.group(ben), ann.group()
    assert (_rooms(client, ann), _rooms(client, ben)) == ({first, second}, {first})
    ann.do("DELETE", f"{first}/members/{ben.id}")
    assert _rooms(client, ben) == set()


def test_it_is_told_who_shares_a_conversation(client: FlaskClient) -> None:
    ann, ben, cyd = (Somebody(client, name) for name in ("ann", "ben", "cyd"))
    ann.group(ben)
    path = f"/people/{ann.id}/acquaintances?ids={ben.id},{cyd.id}"
    assert _told(client, path) == {"user_ids": [ben.id]}
    assert _ask(client, f"/people/{ann.id}/acquaintances?ids=").status_code == 422


def test_none_of_it_is_for_anybody_else(client: FlaskClient) -> None:
    ann = Somebody(client, "ann")
    for path in (f"/people/{ann.id}/conversations", f"/people/{ann.id}/acquaintances?ids={ann.id}"):
        assert _ask(client, path, "profiles:create").status_code == 403
        assert client.get(path, base_url=INSIDE).status_code == 401
        assert client.get(path, headers=ann.headers).status_code == 404, "outside it is not there"


def test_a_new_conversation_names_its_members_to_who_brings_events(
    client: FlaskClient, tmp_path: Path
) -> None:
    ann, ben = (Somebody(client, name) for name in ("ann", "ben"))
    ann.group(ben)
    ann.do("POST", "/conversations", {"kind": "direct", "member_ids": [ben.id]})
    url = address_of(tmp_path / "data")  # where what messages has announced is brought
    found = rows(url, "SELECT event FROM outbox WHERE topic = 'conversation.created'")
    audiences = [json.loads(event)["audience"].split(",") for (event,) in found]
    assert [sorted(one) for one in audiences] == [sorted([ann.id, ben.id])] * 2
