"""Auth's part of an archive comes back byte for byte, or is refused whole, naming the bad line."""

import hashlib
import io
import json
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from playing import Person
from sqlalchemy import select

from auth.archive import sections
from auth.models import Account
from chassis import services, transfer
from chassis.archive import Refused
from chassis.database import Database
from chassis.mode import Mode

ANN, BOB = (f"0190000{n}-0000-7000-8000-000000000000" for n in (1, 2))
NOBODY = "01900009-0000-7000-8000-000000000000"
LOGIN = "01900004-0000-7000-8000-000000000000"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
T0 = 1_790_000_000_000
OPAQUE, REFRESH = "an-access-token-of-phase-1", "a-refresh-token-of-phase-1"
OLD_PASSWORD = unicodedata.normalize("NFD", "p\u00e4ssw\u00f6rd")

Records = list[dict[str, Any]]


def small() -> Records:
    """Return two users, on lines 2 and 3, and a login on line 4."""
    names = {ANN: "ann", BOB: "bob"}
    users = [
        {"type": "user", "id": id_, "username": name, "password_hash": HASH, "created_at": T0}
        for id_, name in names.items()
    ]
    users[1] |= {"role": "moderator", "suspended_at": T0}
    login = {
        "type": "login",
        "id": LOGIN,
        "user_id": ANN,
        "created_at": T0,
        "expires_at": T0 + 9,
        "access_ttl": 900,
        "generation": 1,
        "rotated_at": T0,
        "access_tokens": [],
        "refresh_tokens": [
            {"token_hash": "01" * 32, "generation": 0},
            {"token_hash": "02" * 32, "generation": 1},
        ],
    }
    return [*users, login]


def sealed(records: Iterable[dict[str, Any]]) -> bytes:
    """Return an archive whose header and trailer are right."""

    def line(record: dict[str, Any]) -> bytes:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    lines = [line({"type": "header", "format": "chat-archive", "version": 1})]
    counts: Counter[str] = Counter()
    for record in records:
        lines.append(line(record))
        counts[record["type"]] += 1
    sha256 = hashlib.sha256(b"".join(lines)).hexdigest()
    return b"".join([*lines, line({"type": "trailer", "counts": counts, "sha256": sha256})])


def _load(app: Flask, archive: bytes) -> None:
    database = services.of(app).get(Database)
    transfer.import_archive(database, sections, io.BytesIO(archive), lambda _done: None)


def _dump(app: Flask) -> bytes:
    target = io.BytesIO()
    transfer.export_archive(services.of(app).get(Database), sections, target, lambda _done: None)
    return target.getvalue()


def test_export_after_import_gives_the_same_bytes(app: Flask) -> None:
    archive = sealed(small())
    _load(app, archive)
    assert _dump(app) == archive


def test_who_was_logged_in_is_so_after_an_export_and_an_import(
    app: Flask, client: FlaskClient
) -> None:
    ann = Person(client, "ann")
    archive = _dump(app)
    transfer.empty(services.of(app).get(Database))
    _load(app, archive)
    body = {"refresh_token": ann.tokens["refresh_token"]}
    assert client.post("/api/v1/auth/refresh", json=body).status_code == 200


def _set(position: int, **fields: Any) -> Callable[[Records], None]:
    return lambda records: records[position - 2].update(fields)


def _swap(one: int, other: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        records[one - 2], records[other - 2] = records[other - 2], records[one - 2]

    return change


@pytest.mark.parametrize(
    ("change", "bad_line", "reason"),
    [
        pytest.param(_set(2, type="profile"), 2, "does not know records", id="the monolith's"),
        pytest.param(_swap(2, 3), 3, "stands in the wrong place", id="users out of order"),
        pytest.param(_set(3, username="ann"), 3, "accounts: Key (username)", id="a name twice"),
        pytest.param(_set(2, username="A"), 2, "user.username", id="a bad username"),
        pytest.param(_set(2, password_hash="x"), 2, "user.password_hash", id="a plain password"),
        pytest.param(_set(2, admin=True), 2, "user.admin", id="an unknown field"),
        pytest.param(_swap(3, 4), 4, "type 'user' stands too late", id="a section too late"),
        pytest.param(_set(4, user_id=NOBODY), 4, f"there is no user {NOBODY}", id="nobody's login"),
        pytest.param(_set(4, generation=0), 4, "login.refresh_tokens", id="a generation beyond"),
    ],
)
def test_a_contradiction_is_refused_by_line_and_leaves_nothing(
    app: Flask, change: Callable[[Records], None], bad_line: int, reason: str
) -> None:
    records = small()
    change(records)
    with pytest.raises(Refused) as refusal:
        _load(app, sealed(records))
    assert refusal.value.line == bad_line, refusal.value
    assert reason in refusal.value.reason
    database = services.of(app).get(Database)
    with database.read() as connection:
        assert transfer.is_empty(connection)
    assert database.mode() is Mode.OPEN


def test_a_refresh_token_of_an_earlier_phase_goes_on_and_no_access_token_is_kept(
    app: Flask, client: FlaskClient
) -> None:
    now = time.time_ns() // 1_000_000
    records = small()
    records[2] |= {
        "expires_at": now + 86_400_000,
        "access_tokens": [{"token_hash": _hash(OPAQUE), "expires_at": now + 900_000}],
        "refresh_tokens": [{"token_hash": _hash(REFRESH), "generation": 1}],
    }
    _load(app, sealed(records))
    new: Any = client.post("/api/v1/auth/refresh", json={"refresh_token": REFRESH}).json
    assert (new["login_id"], new["user_id"]) == (LOGIN, ANN)
    assert b'"access_tokens":[]' in _dump(app)
    assert _hash(OPAQUE).encode() not in _dump(app)


def test_an_old_password_works_and_from_then_on_from_every_keyboard(
    app: Flask, client: FlaskClient
) -> None:
    records = small()
    records[0]["password_hash"] = PasswordHasher(2, 19 * 1024, 1).hash(OLD_PASSWORD)
    _load(app, sealed(records))

    def log_in(password: str) -> bool:
        body = {"username": "ann", "password": password}
        return client.post("/api/v1/auth/login", json=body).status_code == 200

    def password_hash() -> Any:
        with services.of(app).get(Database).read() as connection:
            return connection.scalar(select(Account.password_hash).where(Account.id == ANN))

    new_form = unicodedata.normalize("NFC", OLD_PASSWORD)
    assert not log_in(new_form), "its hash is of the other form, and of nothing else"
    before = password_hash()
    assert log_in(OLD_PASSWORD)
    after = password_hash()
    assert after != before
    assert log_in(new_form)
    assert log_in(OLD_PASSWORD)
    assert password_hash() == after, "there is nothing left to renew"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
