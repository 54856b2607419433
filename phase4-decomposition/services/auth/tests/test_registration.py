"""Two who want the same name, and an account that is never without its profile."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody
from sqlalchemy import func, select

from chassis import services
from chassis.database import Database
from chat.auth.models import Account
from chat.auth.passwords import Passwords
from chat.profiles.models import ProfileRow
from chat.profiles.service import ProfileService


def test_of_two_who_want_one_name_at_the_same_moment_one_gets_it(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other registers while the password of the first is being hashed, which takes long."""
    hash_password = Passwords.hash
    due = [lambda: Somebody(client, "ann")]
    others: list[Somebody] = []

    def overtaken(self: Passwords, password: str) -> str:
        if due:
            others.append(due.pop()())
        return hash_password(self, password)

    monkeypatch.setattr(Passwords, "hash", overtaken)
    late = Somebody(client, "ann")
    assert others[0].registered.status_code == 201
    assert late.registered.status_code == 409
    assert late.registered.json is not None
    assert late.registered.json["type"].endswith("#username-taken")
    assert others[0].do("GET", "/profiles/me")["username"] == "ann"
    assert _counts(app) == (1, 1)


def test_an_account_whose_profile_cannot_be_made_does_not_come_about(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = services.of(app).get(ProfileService)

    def broken(*_: object) -> None:
        raise RuntimeError("no profiles today")

    monkeypatch.setattr(people, "create", broken)
    assert Somebody(client, "ann").registered.status_code == 500
    assert _counts(app) == (0, 0)
    monkeypatch.undo()
    assert Somebody(client, "ann").registered.status_code == 201


def test_a_profile_that_is_made_twice_stays_as_it_is(app: Flask, client: FlaskClient) -> None:
    """Once the order comes as an event, it may come again."""
    ann = Somebody(client, "ann")
    ann.do("PATCH", "/profiles/me", {"bio": "I was here."})
    before = ann.do("GET", "/profiles/me")
    with services.of(app).get(Database).write() as work:
        services.of(app).get(ProfileService).create(work.connection, ann.id, "ann", "Another")
    assert ann.do("GET", "/profiles/me") == before


def _counts(app: Flask) -> tuple[int | None, ...]:
    with services.of(app).get(Database).read() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table))
            for table in (Account, ProfileRow)
        )
