"""Two who want the same name, and an account whose profile another service makes."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playing import Person, Profiles
from sqlalchemy import func, select

from auth.app import create_app
from auth.models import Account
from auth.passwords import Passwords
from auth.settings import Settings
from chassis import services
from chassis.database import Database
from chassis.messaging.outbox import OutboxRow


def test_of_two_who_want_one_name_at_the_same_moment_one_gets_it(
    app: Flask, client: FlaskClient, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other registers while the password of the first is being hashed, which takes long."""
    hash_password = Passwords.hash
    due = [lambda: Person(client, "ann")]
    others: list[Person] = []

    def overtaken(self: Passwords, password: str) -> str:
        if due:
            others.append(due.pop()())
        return hash_password(self, password)

    monkeypatch.setattr(Passwords, "hash", overtaken)
    late = Person(client, "ann")
    assert others[0].registered.status_code == 201
    assert late.registered.status_code == 409
    assert late.tokens["type"].endswith("#username-taken")
    assert len(profiles.made) == 1, "who gets no account gets no profile"
    with services.of(app).get(Database).read() as connection:
        assert connection.scalar(select(func.count()).select_from(Account)) == 1


def test_of_several_processes_one_gives_a_name(
    app: Flask, settings: Settings, profiles: Profiles
) -> None:
    clients = [one.test_client() for one in (app, create_app(settings, profiles))]

    def register(number: int) -> int:
        return Person(clients[number % 2], "ann").registered.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(register, range(2))) == [201, 409]


def test_the_profile_is_asked_for_with_a_token_for_that_alone(
    client: FlaskClient, profiles: Profiles
) -> None:
    ann = Person(client, "ann")
    said = {"username": "ann", "display_name": "ann"}
    assert profiles.made == [("PUT", f"/profiles/{ann.id}", said)]
    claims = jwt.decode(profiles.tokens[0], options={"verify_signature": False})
    asked = (claims["aud"], claims["scope"], claims["sub"])
    assert asked == ("profiles", "profiles:create", "auth")


def test_who_registers_while_nobody_makes_profiles_has_an_account_and_an_event_tells_of_it(
    app: Flask, client: FlaskClient, profiles: Profiles
) -> None:
    profiles.is_away = True
    ann = Person(client, "ann")
    assert ann.registered.status_code == 201
    person = {"user_id": ann.id, "username": "ann", "display_name": "ann"}
    assert _told(app, "user.registered") == [person]


def test_an_account_that_does_not_come_about_is_told_of_to_nobody(
    app: Flask, client: FlaskClient, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no tokens today")

    monkeypatch.setattr("auth.service.access.issue", broken)
    assert Person(client, "ann").registered.status_code == 500
    assert (profiles.made, _told(app, "user.registered")) == ([], [])
    monkeypatch.undo()
    assert Person(client, "ann").registered.status_code == 201


def _told(app: Flask, topic: str) -> list[Any]:
    with services.of(app).get(Database).read() as connection:
        asked = select(OutboxRow.event).where(OutboxRow.topic == topic).order_by(OutboxRow.id)
        return [json.loads(event)["data"] for event in connection.scalars(asked)]
