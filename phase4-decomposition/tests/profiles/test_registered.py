"""Somebody new has one profile, whether auth asks for it, the event tells of it, or both."""

from pathlib import Path
from typing import Any

import pytest
from fake_auth import fake_auth
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody
from postgres import settings_for
from stand_in import create_app

from chassis import services
from chassis.database import Database
from chassis.ids import new_id
from chat.profiles.internal import registered
from chat.profiles.service import ProfileService

INSIDE = "http://127.0.0.1:9001"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The monolith, with a listener for services."""
    return create_app(settings_for(tmp_path / "data", internal_bind="0.0.0.0:9001"))


def _put(client: FlaskClient, user_id: str, **said: str) -> int:
    headers = {"Authorization": f"Bearer {fake_auth().token('profiles:create')}"}
    return client.put(
        f"/profiles/{user_id}", json=said, headers=headers, base_url=INSIDE
    ).status_code


def _hear(app: Flask, **person: str) -> None:
    event: Any = {"data": person}
    with services.of(app).get(Database).write() as work:
        registered(work, event)


def _profile(app: Flask, user_id: str) -> tuple[str, str]:
    found = services.of(app).get(ProfileService).get(user_id)
    return found["username"], found["display_name"]


def test_auth_asks_for_it_and_may_ask_again(app: Flask, client: FlaskClient) -> None:
    user_id = new_id()
    for _ in range(2):
        assert _put(client, user_id, username="zoe", display_name="Zoë") == 204
    assert _profile(app, user_id) == ("zoe", "Zoë")


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "A"), ("username", ""), ("display_name", ""), ("display_name", "x" * 65)],
)
def test_what_is_no_profile_is_refused(client: FlaskClient, field: str, value: str) -> None:
    said = {"username": "zoe", "display_name": "Zoë", field: value}
    assert _put(client, new_id(), **said) == 422


def test_the_event_comes_to_the_same_and_changes_nothing_that_is_there(app: Flask) -> None:
    ann = Somebody(app.test_client(), "ann")
    ann.do("PATCH", "/profiles/me", {"display_name": "Ann the First"})
    _hear(app, user_id=ann.id, username="ann", display_name="Another")
    assert _profile(app, ann.id) == ("ann", "Ann the First")
    user_id = new_id()
    _hear(app, user_id=user_id, username="zoe", display_name="Zoë")
    assert _profile(app, user_id) == ("zoe", "Zoë")


def test_an_event_from_before_it_said_a_name_to_show_is_understood(app: Flask) -> None:
    user_id = new_id()
    _hear(app, user_id=user_id, username="zoe")
    assert _profile(app, user_id) == ("zoe", "zoe")
