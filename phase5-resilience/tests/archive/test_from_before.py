"""What was stored before names had rules: it is carried over as it is, and goes on being used."""

import io
import time
from pathlib import Path
from typing import Any

import jwt
from archives import ANN, GROUP, dump, load, sealed, small
from flask import Flask
from postgres import settings_for
from stand_in import create_app

from chassis import services
from chassis.database import Database


def _records() -> list[dict[str, Any]]:
    """Return a system with a group as nobody can name one now."""
    records = small()
    group = next(one for one in records if one.get("id") == GROUP)
    group["name"] = "nn\u202eA"
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


def test_names_are_carried_over_and_shown(tmp_path: Path) -> None:
    archive, again = _archive(), io.BytesIO()
    app = _system(tmp_path, archive)
    dump(services.of(app).get(Database), again)
    assert again.getvalue() == archive
    client = app.test_client()
    ann = _ann()
    path = f"/api/v1/conversations/{GROUP}"
    assert client.get(path, headers=ann).json["name"] == "nn\u202eA"  # type: ignore[index]
    renamed = client.patch(path, headers=ann, json={"name": "Ann"})
    assert renamed.status_code == 200
