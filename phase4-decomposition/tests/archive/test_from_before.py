"""What was stored before texts had rules: it is carried over as it is, and goes on being used."""

import io
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt
from archives import ANN, EVE, GROUP, dump, load, sealed, small
from flask import Flask
from postgres import settings_for
from stand_in import create_app

from chassis import services
from chassis.database import Database

HEART, FULL_HEART = "\u2764", "\u2764\ufe0f"


def _records() -> list[dict[str, Any]]:
    """Return a system with a group, a message and reactions as nobody can store now."""
    records = small()
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


def _ann() -> dict[str, str]:
    """Return what shows that one is Ann."""
    claims = {"sub": ANN, "sid": "login", "roles": ["member"], "exp": time.time() + 60}
    return {"Authorization": f"Bearer {jwt.encode(claims, '-' * 32)}"}


def test_names_and_texts_are_carried_over_and_shown(tmp_path: Path) -> None:
    archive, again = _archive(), io.BytesIO()
    app = _system(tmp_path, archive)
    dump(services.of(app).get(Database), again)
    assert again.getvalue() == archive
    client = app.test_client()
    ann = _ann()
    path = f"/api/v1/conversations/{GROUP}"
    assert client.get(path, headers=ann).json["name"] == "nn\u202eA"  # type: ignore[index]
    history = client.get(f"{path}/messages", headers=ann).json
    assert history is not None
    assert history["items"][1]["body"] == "\u200b"
    renamed = client.patch(path, headers=ann, json={"name": "Ann"})
    assert renamed.status_code == 200


def test_reactions_in_both_forms_are_one(tmp_path: Path) -> None:
    client = _system(tmp_path).test_client()
    ann = _ann()
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
