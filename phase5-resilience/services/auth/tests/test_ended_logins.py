"""What the gateway is told of logins that have ended, in whatever way."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playing import INSIDE
from sqlalchemy import func, select

from auth import service
from auth.models import EndedLogin
from auth.service import REMEMBERED
from chassis import services
from chassis.clock import now_ms
from chassis.database import Database


def _ended(app: Flask, since: int = 0) -> dict[str, int]:
    ended, _ = services.of(app).get(service.AuthService).ended_since(since)
    return ended


class Device:
    """A login, and what one does with it."""

    def __init__(self, client: FlaskClient, name: str, *, new: bool = False) -> None:
        self._client = client
        body = {"username": name, "password": "correct horse"}
        path, more = ("register", {"display_name": name}) if new else ("login", {})
        tokens = client.post(f"/api/v1/auth/{path}", json=body | more).json
        assert tokens is not None
        self.tokens: Any = tokens
        self.id: str = tokens["login_id"]

    def post(self, path: str) -> int:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self._client.post(f"/api/v1/auth/{path}", headers=headers).status_code

    def refresh(self) -> int:
        body = {"refresh_token": self.tokens["refresh_token"]}
        answer = self._client.post("/api/v1/auth/refresh", json=body)
        if answer.status_code == 200:
            self.tokens = answer.json
        return answer.status_code


def test_logging_out_ends_that_login_alone(app: Flask, client: FlaskClient) -> None:
    one, _other = Device(client, "ann", new=True), Device(client, "ann")
    assert _ended(app) == {}
    assert one.post("logout") == 204
    assert set(_ended(app)) == {one.id}
    assert one.post("logout") == 204, "the gateway may not know yet"
    assert set(_ended(app)) == {one.id}


def test_logging_out_everywhere_ends_them_all(app: Flask, client: FlaskClient) -> None:
    devices = [Device(client, "ann", new=True), Device(client, "ann"), Device(client, "ann")]
    bob = Device(client, "bob", new=True)
    assert devices[1].post("logout-all") == 204
    assert set(_ended(app)) == {one.id for one in devices}
    assert bob.id not in _ended(app)


def test_a_stolen_refresh_token_ends_its_login(app: Flask, client: FlaskClient) -> None:
    device = Device(client, "ann", new=True)
    stolen = device.tokens
    for _ in range(2):
        assert device.refresh() == 200
    device.tokens = stolen
    assert device.refresh() == 401
    assert set(_ended(app)) == {device.id}


def test_it_can_be_asked_for_what_is_new(app: Flask, client: FlaskClient) -> None:
    first, second = Device(client, "ann", new=True), Device(client, "ann")
    first.post("logout")
    (moment,) = _ended(app).values()
    second.post("logout")
    assert second.id in _ended(app, moment - 1)
    assert _ended(app, now_ms() + 1) == {}


def test_it_is_forgotten_when_no_token_of_it_can_be_good(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Device(client, "ann", new=True), Device(client, "ann")
    first.post("logout")
    monkeypatch.setattr(service, "now_ms", lambda: now_ms() + REMEMBERED + 1)
    assert _ended(app) == {}
    second.post("logout")
    with services.of(app).get(Database).read() as connection:
        assert connection.scalar(select(func.count()).select_from(EndedLogin)) == 1


def test_it_is_told_on_the_second_listener_alone(app: Flask, client: FlaskClient) -> None:
    device = Device(client, "ann", new=True)
    device.post("logout")
    assert client.get("/ended-logins").status_code == 404
    told: Any = client.get("/ended-logins?since=0", base_url=INSIDE).json
    assert set(told["ended"]) == {device.id}
    assert 0 <= told["now"] - told["ended"][device.id] < 60_000
    told = client.get(f"/ended-logins?since={told['now']}", base_url=INSIDE).json
    assert told["ended"] == {}
