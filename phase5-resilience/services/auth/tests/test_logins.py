"""What becomes of logins that expire, and of one that never stops refreshing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from auth import service
from auth.models import RefreshToken
from chassis import services
from chassis.database import Database

ANN = {"username": "ann", "password": "correct horse", "display_name": "Ann"}


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
    used_up = client.post("/api/v1/auth/refresh", json=tokens)  # the direct predecessor
    assert used_up.status_code == 200
