"""What becomes of logins that expire, and of one that never stops refreshing."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from running import Person, Server, wait_for
from sqlalchemy import func, select

from chassis import services
from chassis.database import Database
from chat.auth import service
from chat.auth.models import RefreshToken

ANN = {"username": "ann", "password": "correct horse", "display_name": "Ann"}


def test_the_sockets_of_an_expired_login_close_when_it_is_forgotten(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", CHAT_REFRESH_TTL="1").start()
    try:
        ann = Person(server.url)
        client, events = ann.connect()
        login = {"username": ann.username, "password": "correct horse"}
        expired = {"refresh_token": ann.tokens["refresh_token"]}

        def is_forgotten() -> bool:
            ann.http.post("/auth/login", json=login)
            return not client.connected

        wait_for(is_forgotten, within=10)
        assert [
            data["data"]["reason"] for name, data in events if name == "connection.closing"
        ] == ["login-ended"]
        assert ann.http.post("/auth/refresh", json=expired).status_code == 401
    finally:
        server.stop()


def test_one_login_keeps_a_bounded_number_of_tokens(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TOKENS_KEPT", 5)
    answer = client.post("/api/v1/auth/register", json=ANN)
    for _ in range(12):
        assert answer.json is not None
        tokens = {"refresh_token": answer.json["refresh_token"]}
        answer = client.post("/api/v1/auth/refresh", json=tokens)
        assert answer.status_code == 200
    with services.of(app).get(Database).read() as connection:
        assert connection.scalar(select(func.count()).select_from(RefreshToken)) == 5
    assert answer.json is not None
    who = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/v1/profiles/me", headers=who).status_code == 200
    used_up = client.post("/api/v1/auth/refresh", json=tokens)  # the direct predecessor
    assert used_up.status_code == 200
