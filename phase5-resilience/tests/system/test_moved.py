"""What the monolith passes on, for people whom the gateway still leads to it."""

from pathlib import Path

from fake_auth import fake_auth
from flask.testing import FlaskClient
from postgres import settings_for

from chat.app import create_app

REGISTER = "/api/v1/auth/register"
SOMEBODY = {"username": "ada", "password": "correct horse", "display_name": "Ada"}


def monolith(tmp_path: Path, url: str) -> FlaskClient:
    """The application as the gateway reaches it, with auth at this address."""
    return create_app(settings_for(tmp_path / "data", auth_for_people_url=url)).test_client()


def test_somebody_registers_by_the_monolith_and_is_known_to_auth(tmp_path: Path) -> None:
    answer = monolith(tmp_path, fake_auth().url).post(REGISTER, json=SOMEBODY)
    assert answer.status_code == 201
    account = fake_auth().accounts[answer.get_json()["user_id"]]
    assert (account.username, account.password) == ("ada", "correct horse")
    assert len(answer.headers.getlist("X-Request-ID")) == 1


def test_what_auth_refuses_is_refused_in_its_words(tmp_path: Path) -> None:
    body = {"username": "nobody", "password": "of nobody"}
    answer = monolith(tmp_path, fake_auth().url).post("/api/v1/auth/login", json=body)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.get_json(force=True)["type"] == "#invalid-credentials"


def test_where_auth_does_not_answer_people_are_told_to_come_again(tmp_path: Path) -> None:
    answer = monolith(tmp_path, "http://127.0.0.1:1").post(REGISTER, json=SOMEBODY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
