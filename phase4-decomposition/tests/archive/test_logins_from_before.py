"""Logins from phases whose access tokens are opaque: nobody is logged out on the way here."""

import hashlib
import io
import time
from pathlib import Path
from typing import Any

from archives import ANN, dump, load, sealed, small
from flask import Flask
from postgres import settings_for
from stand_in import create_app

from chassis import services
from chassis.database import Database

OPAQUE, REFRESH = "an-access-token-of-phase-1", "a-refresh-token-of-phase-1"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _records() -> list[dict[str, Any]]:
    """Return a system in which Ann is logged in with two opaque tokens."""
    now = time.time_ns() // 1_000_000
    records = small()
    login = next(one for one in records if one["type"] == "login")
    login |= {
        "expires_at": now + 86_400_000,
        "access_tokens": [{"token_hash": _hash(OPAQUE), "expires_at": now + 900_000}],
        "refresh_tokens": [{"token_hash": _hash(REFRESH), "generation": 1}],
    }
    return records


def _system(directory: Path, records: list[dict[str, Any]]) -> Flask:
    app = create_app(settings_for(directory))
    load(services.of(app).get(Database), io.BytesIO(b"".join(sealed(records))))
    return app


def test_the_old_access_token_is_refused_and_the_refresh_token_goes_on(tmp_path: Path) -> None:
    records = _records()
    client = _system(tmp_path, records).test_client()
    old = client.get("/api/v1/profiles/me", headers={"Authorization": f"Bearer {OPAQUE}"})
    assert old.status_code == 401, "which tells the client to refresh"
    new: Any = client.post("/api/v1/auth/refresh", json={"refresh_token": REFRESH}).json
    assert new["login_id"] == next(one["id"] for one in records if one["type"] == "login")
    assert new["roles"] == ["member"]
    headers = {"Authorization": f"Bearer {new['access_token']}"}
    me: Any = client.get("/api/v1/profiles/me", headers=headers).json
    assert me["id"] == ANN


def test_an_archive_has_no_access_tokens_and_neither_keys_nor_ends(tmp_path: Path) -> None:
    app = _system(tmp_path / "one", _records())
    client = app.test_client()
    client.post("/api/v1/auth/refresh", json={"refresh_token": REFRESH})
    archive = io.BytesIO()
    counts = dump(services.of(app).get(Database), archive)
    assert set(counts) == {"user", "login", "profile", "conversation", "member", "message"}
    assert b'"access_tokens":[]' in archive.getvalue()
    assert _hash(OPAQUE).encode() not in archive.getvalue()


def test_roles_suspensions_and_the_trail_are_carried_over(tmp_path: Path) -> None:
    records = small()
    records[0] |= {"role": "admin"}
    records[1] |= {"role": "moderator", "suspended_at": 1_700_000_000_000}
    records.append(
        {
            "type": "moderation",
            "id": "019ab2ca-0009-7a17-8288-718293a4b5c6",
            "actor_id": records[0]["id"],
            "action": "suspend",
            "user_id": records[1]["id"],
            "message_id": None,
            "reason": "Too loud",
            "created_at": 1_700_000_000_000,
        }
    )
    app, again = _system(tmp_path, records), io.BytesIO()
    dump(services.of(app).get(Database), again)
    assert again.getvalue() == b"".join(sealed(records))
