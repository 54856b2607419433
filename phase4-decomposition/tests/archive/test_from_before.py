"""What was stored before texts had rules: it is carried over as it is, and goes on being used."""

import io
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archives import ANN, EVE, GROUP, dump, load, sealed, small
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from postgres import settings_for
from stand_in import create_app

from chassis import services
from chassis.database import Database

HEART, FULL_HEART = "\u2764", "\u2764\ufe0f"
OLD_PASSWORD = unicodedata.normalize("NFD", "p\u00e4ssw\u00f6rd")


def _records() -> list[dict[str, Any]]:
    """Return a system with a name, a message, reactions and a password as nobody can store now."""
    records = small()
    records[0]["password_hash"] = PasswordHasher(2, 19 * 1024, 1).hash(OLD_PASSWORD)
    profile = next(one for one in records if one["type"] == "profile")
    profile["display_name"] = "\u200b"
    profile["bio"] = "Z" + "\u0301" * 400
    group = next(one for one in records if one.get("id") == GROUP)
    group["name"] = "nn\u202eA"
    reacted = next(one for one in records if one.get("seq") == 2 and one.get("rev") == 5)
    reacted["body"] = "\u200b"
    reacted["reactions"] = [
        {"emoji": HEART, "user_id": ANN, "rev": 3},
        {"emoji": FULL_HEART, "user_id": ANN, "rev": 4},
        {"emoji": FULL_HEART, "user_id": EVE, "rev": 5},
    ]
    return records


def _archive() -> bytes:
    return b"".join(sealed(_records()))


def _system(directory: Path, archive: bytes | None = None) -> Flask:
    app: Flask = create_app(settings_for(directory))
    load(services.of(app).get(Database), io.BytesIO(archive or _archive()))
    return app


def _log_in(client: FlaskClient, password: str) -> dict[str, str] | None:
    answer = client.post("/api/v1/auth/login", json={"username": "ann", "password": password})
    if answer.status_code != 200:
        return None
    assert answer.json is not None
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def _password_hash(app: Flask) -> str:
    database: Database = services.of(app).get(Database)
    with database.read() as connection:
        statement = "SELECT password_hash FROM accounts WHERE username = 'ann'"
        return str(connection.exec_driver_sql(statement).scalar_one())


def test_names_and_texts_are_carried_over_and_shown(tmp_path: Path) -> None:
    archive, again = _archive(), io.BytesIO()
    app = _system(tmp_path, archive)
    dump(services.of(app).get(Database), again)
    assert again.getvalue() == archive
    client = app.test_client()
    ann = _log_in(client, OLD_PASSWORD)
    assert client.get("/api/v1/profiles/me", headers=ann).json["display_name"] == "\u200b"  # type: ignore[index]
    path = f"/api/v1/conversations/{GROUP}"
    assert client.get(path, headers=ann).json["name"] == "nn\u202eA"  # type: ignore[index]
    history = client.get(f"{path}/messages", headers=ann).json
    assert history is not None
    assert history["items"][1]["body"] == "\u200b"
    renamed = client.patch(path, headers=ann, json={"name": "Ann"})
    assert renamed.status_code == 200


def test_an_old_password_works_and_from_then_on_from_every_keyboard(tmp_path: Path) -> None:
    app = _system(tmp_path)
    client = app.test_client()
    new_form = unicodedata.normalize("NFC", OLD_PASSWORD)
    assert _log_in(client, new_form) is None, "its hash is of the other form, and of nothing else"
    before = _password_hash(app)
    assert _log_in(client, OLD_PASSWORD)
    after = _password_hash(app)
    assert after != before
    assert _log_in(client, new_form)
    assert _log_in(client, OLD_PASSWORD)
    assert _password_hash(app) == after, "there is nothing left to renew"


def test_reactions_in_both_forms_are_one(tmp_path: Path) -> None:
    client = _system(tmp_path).test_client()
    ann = _log_in(client, OLD_PASSWORD)
    messages = f"/api/v1/conversations/{GROUP}/messages"
    answer = client.get(messages, headers=ann).json
    assert answer is not None
    message = answer["items"][1]
    assert message["reactions"] == [{"emoji": FULL_HEART, "user_ids": [ANN, EVE]}]
    path = f"{messages}/{message['id']}/reactions/{quote(HEART)}"
    again = client.put(path, headers=ann).json
    assert again is not None
    assert again["rev"] == message["rev"], "she has given it already"
    taken = client.delete(path, headers=ann).json
    assert taken is not None
    assert taken["reactions"] == [{"emoji": FULL_HEART, "user_ids": [EVE]}]
