"""Somebody new has one profile, whether auth asks for it, the event tells of it, or both."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playing import Somebody, inside, told

from chassis import services
from chassis.database import Database
from chassis.ids import new_id
from profiles.maker import registered
from profiles.service import ProfileService


def _put(client: FlaskClient, user_id: str, **said: str) -> int:
    return inside(client, "PUT", f"/profiles/{user_id}", "profiles:create", said).status_code


def _hear(app: Flask, **person: str) -> None:
    event: Any = {"data": person}
    with services.of(app).get(Database).write() as work:
        registered(work, event)


def _profile(app: Flask, user_id: str) -> tuple[str, str]:
    found = services.of(app).get(ProfileService).get(user_id)
    return found["username"], found["display_name"]


def test_auth_asks_for_it_and_may_ask_again_and_others_are_told_once(
    app: Flask, client: FlaskClient
) -> None:
    user_id = new_id()
    for _ in range(2):
        assert _put(client, user_id, username="zoe", display_name="Zoë") == 204
    assert _profile(app, user_id) == ("zoe", "Zoë")
    person = {"user_id": user_id, "username": "zoe", "display_name": "Zoë"}
    assert told(app) == [person | {"version": 1, "deleted": False}]


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "A"), ("username", ""), ("display_name", ""), ("display_name", "x" * 65)],
)
def test_what_is_no_profile_is_refused(client: FlaskClient, field: str, value: str) -> None:
    said = {"username": "zoe", "display_name": "Zoë", field: value}
    assert _put(client, new_id(), **said) == 422


def test_the_event_comes_to_the_same_and_changes_nothing_that_is_there(app: Flask) -> None:
    ann = Somebody(app, username="ann")
    ann.rename("Ann the First")
    _hear(app, user_id=ann.id, username="ann", display_name="Another")
    assert _profile(app, ann.id) == ("ann", "Ann the First")
    user_id = new_id()
    _hear(app, user_id=user_id, username="zoe", display_name="Zoë")
    assert _profile(app, user_id) == ("zoe", "Zoë")
    assert [one["version"] for one in told(app)] == [1, 2, 1]


def test_an_event_from_before_it_said_a_name_to_show_is_understood(app: Flask) -> None:
    user_id = new_id()
    _hear(app, user_id=user_id, username="zoe")
    assert _profile(app, user_id) == ("zoe", "zoe")


def test_a_name_that_was_given_anew_is_no_obstacle(app: Flask, client: FlaskClient) -> None:
    """The deletion of who had it was killed before it came here; auth has given it to another."""
    Somebody(app, username="ann")
    user_id = new_id()
    assert _put(client, user_id, username="ann", display_name="Another Ann") == 204
    assert _profile(app, user_id) == ("ann", "Another Ann")


def test_who_has_no_profile_yet_is_told_so(app: Flask) -> None:
    ann = Somebody(app)
    with services.of(app).get(Database).write() as work:
        work.connection.exec_driver_sql("DELETE FROM profiles")
    asked = (ann.ask("GET", "/me"), ann.ask("PATCH", "/me", {"bio": "x"}))
    assert [answer.status_code for answer in asked] == [404, 404]
