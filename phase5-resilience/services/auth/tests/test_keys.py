"""Keys that sign: published before they are used, and for as long as what they signed is good."""

import time
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from auth import keys as keys_module
from auth.access import AUDIENCE, ISSUER, issue
from auth.app import create_app
from auth.keys import Keys
from auth.models import Account, Login, SigningKey
from auth.settings import Settings
from chassis import services, transfer
from chassis.clock import now_ms
from chassis.database import Database
from chassis.limits import ACCESS_TTL_MAX
from chassis.mode import Mode, set_mode

SECRET = b"a secret"
DAY = 24 * 3600


def _keys(app: Flask, *, lead: float = 0, age: float = DAY, secret: bytes = SECRET) -> Keys:
    return Keys(services.of(app).get(Database), secret, lead, age)


def _signer(app: Flask, keys: Keys) -> str:
    """Return the id of the key that signs now."""
    with services.of(app).get(Database).write() as work:
        return keys.signer(work.connection)[0]


def _issue(app: Flask, keys: Keys, role: str = "member") -> str:
    with services.of(app).get(Database).write() as work:
        account, login = Account(id="user", role=role), Login(id="login", access_ttl=60)
        return issue(keys, work.connection, account, login)


def _verified(token: str, keys: Keys) -> dict[str, Any]:
    """Return what is in a token, if a published key has signed it."""
    known = jwt.PyJWKSet(keys.published())
    key = known[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, ["ES256"], issuer=ISSUER, audience=AUDIENCE)


def test_a_token_says_what_the_gateway_asks_for(app: Flask) -> None:
    keys = _keys(app)
    before = time.time()
    token = _issue(app, keys, "moderator")
    claims = _verified(token, keys)
    assert claims["sub"] == "user"
    assert claims["sid"] == "login"
    assert claims["roles"] == ["moderator"]
    assert before - 0.001 <= claims["iat"] == claims["nbf"] <= time.time()
    assert claims["exp"] == pytest.approx(claims["iat"] + 60)
    assert claims["jti"] not in ("", _verified(_issue(app, keys), keys)["jti"])
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"


def test_a_new_key_is_published_before_it_signs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _keys(app, lead=30)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    old = keys.rotate().id
    clock = _Clock(monkeypatch)
    clock.advance(60)
    new = keys.rotate().id
    assert [key["kid"] for key in keys.published()] == [old, new]
    assert _signer(app, keys) == old
    clock.advance(31)
    assert _signer(app, keys) == new


def test_the_first_login_waits_until_the_first_key_is_known(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    _signer(app, _keys(app, lead=5))
    assert 4 < waited[0] <= 5


def test_a_rotation_ends_no_token(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = _keys(app, lead=2)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    keys.rotate()
    clock = _Clock(monkeypatch)
    clock.advance(10)
    for _ in range(5):
        token = _issue(app, keys)
        keys.rotate()
        clock.advance(2)
        assert _verified(token, keys)["sub"] == "user"


def test_a_key_is_forgotten_when_its_last_token_has_expired(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _keys(app, lead=2, age=10 * DAY)
    clock = _Clock(monkeypatch)
    old = keys.rotate().id
    clock.advance(DAY)
    new = keys.rotate().id
    clock.advance(2 + ACCESS_TTL_MAX)
    assert [key["kid"] for key in keys.published()] == [old, new], "its last token may be good yet"
    clock.advance(3)
    assert [key["kid"] for key in keys.published()] == [new]
    keys.rotate()
    with services.of(app).get(Database).read() as connection:
        assert old not in connection.scalars(select(SigningKey.id)).all()


def test_a_key_that_is_old_gets_a_successor_by_itself(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _keys(app, age=DAY)
    clock = _Clock(monkeypatch)
    (first,) = keys.published()
    assert keys.published() == [first]
    clock.advance(DAY + 1)
    assert len(keys.published()) == 2
    assert len(keys.published()) == 2


def test_a_system_that_takes_no_writes_goes_on_with_the_key_it_has(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _keys(app, age=DAY)
    (first,) = keys.published()
    with services.of(app).get(Database).write_in_any_mode() as connection:
        set_mode(connection, Mode.READ_ONLY)
    _Clock(monkeypatch).advance(DAY + 1)
    assert keys.published() == [first]


def test_forgetting_takes_back_what_was_signed(app: Flask) -> None:
    keys = _keys(app)
    token = _issue(app, keys)
    keys.rotate(forget=True)
    with pytest.raises(KeyError):
        _verified(token, keys)
    assert _verified(_issue(app, keys), keys)


def test_a_copy_of_the_database_signs_nothing(app: Flask) -> None:
    keys = _keys(app)
    keys.rotate()
    with services.of(app).get(Database).read() as connection:
        stored = connection.execute(select(SigningKey.private_key)).scalars().all()
    assert all(b"BEGIN" not in key for key in stored)
    with pytest.raises(ValueError, match=r"password|decrypt|deserialize"):
        _signer(app, _keys(app, secret=b"another"))


def test_the_public_keys_hold_nothing_private(app: Flask) -> None:
    (key,) = _keys(app).published()
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_two_processes_have_the_same_keys(app: Flask, settings: Settings) -> None:
    token = _issue(app, _keys(app))
    other = create_app(settings)
    assert other is not app
    assert _verified(token, services.of(other).get(Keys))


def test_who_empties_the_system_takes_back_every_token(app: Flask) -> None:
    keys = _keys(app)
    token = _issue(app, keys)
    database = services.of(app).get(Database)
    with database.read() as connection:
        assert transfer.is_empty(connection), "keys are no data: an import may go on"
    transfer.empty(database)
    with pytest.raises(KeyError):
        _verified(token, keys)


class _Clock:
    """The wall clock, as this domain reads it, with time that passes at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0
        monkeypatch.setattr(keys_module, "now_ms", lambda: now_ms() + self._ahead)

    def advance(self, seconds: float) -> None:
        self._ahead += int(seconds * 1000)
