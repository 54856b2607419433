"""What a service takes from another: a token for it, with the scope, signed and in time."""

import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fake_auth import fake_auth
from flask.testing import FlaskClient
from issuing import hmac_signed, unsigned
from playing import INSIDE

from chassis.calls import Answer, Calls, Pool
from chassis.service_tokens import KIND, LENGTH_MAX, FetchedTokens, PublishedKeys

SCOPE = "profiles:create"


def _token(scope: str, **changed: Any) -> str:
    return fake_auth().token(scope, "profiles", **changed)


def _put(client: FlaskClient, token: str, base_url: str = INSIDE) -> int:
    said = {"username": f"p{uuid.uuid4().hex[:8]}", "display_name": "P"}
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/profiles/{uuid.uuid4()}"
    return client.put(path, json=said, headers=headers, base_url=base_url).status_code


def test_auth_makes_a_profile_with_its_token_and_on_the_inner_listener_alone(
    client: FlaskClient,
) -> None:
    token = _token(SCOPE)
    assert _put(client, token) == 204
    assert _put(client, token, "http://127.0.0.1:8000") == 404


def test_without_the_scope_it_is_forbidden(client: FlaskClient) -> None:
    assert _put(client, _token("profiles:read")) == 403
    assert _put(client, _token(f"{SCOPE}s")) == 403


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"aud": "chat"}, id="for another service"),
        pytest.param({"aud": ["auth", "gateway"]}, id="for several others"),
        pytest.param({"iss": "somebody"}, id="another issuer"),
        pytest.param({"exp": time.time() - 5}, id="over"),
        pytest.param({"nbf": time.time() + 3600}, id="not yet good"),
        pytest.param({"sub": None}, id="nobody's"),
    ],
)
def test_a_token_with_other_claims_is_refused(client: FlaskClient, changed: dict[str, Any]) -> None:
    assert _put(client, _token(SCOPE, **changed)) == 401


def test_what_is_not_signed_by_auth_or_is_of_another_kind_is_refused(client: FlaskClient) -> None:
    good = _token(SCOPE)
    claims = jwt.decode(good, options={"verify_signature": False})
    header = {"alg": "ES256", "kid": "fake", "typ": KIND}
    key, other = fake_auth().key, ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_numbers().x.to_bytes(32)

    def signed(key: Any, **changed: str) -> str:
        return jwt.encode(claims, key, "ES256", header | changed)

    person = {**claims, "aud": "profiles", "sid": "login", "roles": ["admin"]}
    refused = {
        "nothing": "",
        "no token": "x",
        "unsigned": unsigned({"alg": "none", "typ": KIND, "kid": "fake"}, claims),
        "signature left out": good.rpartition(".")[0] + ".",
        "signed with the public key": hmac_signed(header | {"alg": "HS256"}, claims, public),
        "another's key": signed(other),
        "a key that is not known": signed(key, kid="other"),
        "of a person": jwt.encode(person, key, "ES256", header | {"typ": "at+jwt"}),
        "of no kind": signed(key, typ="JWT"),
        "too long": _token(SCOPE, more="x" * LENGTH_MAX),
    }
    assert {what: _put(client, token) for what, token in refused.items()} == dict.fromkeys(
        refused, 401
    )
    assert _put(client, signed(key)) == 204, "without this, what is refused would prove nothing"


def test_a_key_that_is_not_known_is_looked_for_and_one_taken_back_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chassis.resilience.kept.time.monotonic", lambda: now[0])
    asked = []

    class Counted(Pool):
        def ask(self, *given: Any) -> Answer:
            asked.append(given)
            return super().ask(*given)

    keys = PublishedKeys(Calls("auth", Counted(fake_auth().url)))
    assert keys.public("fake") is not None
    assert keys.public("fake") is not None
    assert keys.public("other") is None
    assert len(asked) == 1, "who sends nonsense makes nobody look at once again"
    now[0] += 2
    assert keys.public("other") is None
    assert len(asked) == 2
    now[0] += 61
    keys.public("fake")
    assert len(asked) == 3


def test_a_token_is_kept_until_shortly_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chassis.resilience.kept.time.monotonic", lambda: now[0])
    (tmp_path / "secret").write_text("s\n")
    tokens = FetchedTokens(Calls("auth", Pool(fake_auth().url)), "chat", tmp_path / "secret")
    first = tokens.token("auth", "a")
    assert tokens.token("auth", "a") == first
    assert tokens.token("auth", "b") != first
    now[0] += 269
    assert tokens.token("auth", "a") == first
    now[0] += 2
    assert tokens.token("auth", "a") != first
