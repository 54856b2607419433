"""What the gateway makes of access tokens: ours pass, and every way to make one up is refused."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from edge import Edge
from issuing import SECRET, Monolith, claims, encoded, hmac_signed, jwk, now_ms, unsigned
from waiting import wait_for

from chassis.identity import Caller, Identities

ES256 = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}


@pytest.fixture(scope="module")
def monolith() -> Iterator[Monolith]:
    """Publishes what the gateway pulls."""
    monolith = Monolith()
    yield monolith
    monolith.close()


@pytest.fixture(scope="module")
def edge(monolith: Monolith, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The gateway's judgement, when it has pulled."""
    edge = Edge(tmp_path_factory.mktemp("edge"), monolith).start()
    wait_for(edge.is_ready)
    yield edge
    edge.stop()


def _is_refused(found: Any, why: str = "unauthenticated") -> bool:
    return bool(found == {"refusal": why})


# good ones


def test_a_token_of_ours_passes_and_its_identity_convinces_the_monolith(
    edge: Edge, monolith: Monolith
) -> None:
    who = edge.ask(monolith.token(roles=["member", "moderator"]))["who"]
    assert (who["sub"], who["sid"], who["roles"]) == ("user", "login", ["member", "moderator"])
    caller = Identities(SECRET).caller(who["identity"])
    assert caller == Caller("user", "login", ("member", "moderator"))


def test_a_token_is_verified_once(edge: Edge, monolith: Monolith) -> None:
    token = monolith.token(sid="cached")
    first = edge.ask(token)
    assert token in edge.known()["tokens"]
    assert all(edge.ask(token) == first for _ in range(5)), "the other worker has the same"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_as_http_says(edge: Edge, monolith: Monolith, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {monolith.token()}"}
    answer = httpx.get(f"{edge.url}/api/v1/profiles/me", headers=headers)
    assert "who" in edge.said(answer)


def test_where_no_role_is_asked_for_nobody_is_told_apart(edge: Edge, monolith: Monolith) -> None:
    for path in ("/api/v1/auth/login", "/api/v1/system", "/", "/api/v1/nothing"):
        assert edge.ask(monolith.token(), path) == {"who": None}
        assert edge.ask("nonsense", path) == {"who": None}


# made up


def _as_bytes(key: ec.EllipticCurvePrivateKey, encoding: Encoding) -> bytes:
    return key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def _brings_its_key(monolith: Monolith) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    headers = ES256 | {"jwk": jwk("k1", key), "jku": f"http://{monolith.address}/keys"}
    return jwt.encode(claims(), key, "ES256", headers)


FORGED: dict[str, Callable[[Monolith], str]] = {
    "algorithm none": lambda _: unsigned(ES256 | {"alg": "none"}, claims()),
    "algorithm None, signed": lambda m: unsigned(
        ES256 | {"alg": "None"}, claims(), m.token().rpartition(".")[2]
    ),
    "no signature": lambda m: m.token().rpartition(".")[0] + ".",
    "HMAC with the public key as PEM": lambda m: hmac_signed(
        ES256 | {"alg": "HS256"}, claims(), _as_bytes(m.signing["k1"], Encoding.PEM)
    ),
    "HMAC with the public key as DER": lambda m: hmac_signed(
        ES256 | {"alg": "HS256"}, claims(), _as_bytes(m.signing["k1"], Encoding.DER)
    ),
    "HMAC with the public key as JWK": lambda m: hmac_signed(
        ES256 | {"alg": "HS256"}, claims(), json.dumps(jwk("k1", m.signing["k1"])).encode()
    ),
    "HMAC of signature's length": lambda _: (
        hmac_signed(ES256 | {"alg": "HS512"}, claims(), b"") + "A" * 43
    ),
    "another curve": lambda _: jwt.encode(
        claims(), ec.generate_private_key(ec.SECP384R1()), "ES384", ES256 | {"alg": "ES384"}
    ),
    "another key": lambda _: jwt.encode(
        claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", ES256
    ),
    "a key that it brings along": _brings_its_key,
    "an unknown key": lambda m: m.token(headers={"kid": "k2"}),
    "a key by a path": lambda m: m.token(headers={"kid": "../../dev/null"}),
    "no key": lambda _: unsigned({"alg": "ES256", "typ": "at+jwt"}, claims(), "A" * 86),
    "a key that is a number": lambda _: unsigned(ES256 | {"kid": 1}, claims(), "A" * 86),
    "another kind of token": lambda m: m.token(headers={"typ": "JWT"}),
    "an extension that is critical": lambda m: m.token(headers={"crit": ["exp"]}),
    "the signature of another": lambda m: _with_signature_of(m.token(sub="other"), m.token()),
    "a signature of zeros": lambda m: m.token().rpartition(".")[0] + "." + "A" * 86,
    "a signature cut short": lambda m: m.token()[:-1],
    "a signature too long": lambda m: m.token() + "A",
    "a header that is no JSON": lambda _: f"{encoded(b'{')}.{encoded(b'{}')}.{'A' * 86}",
    "a header that is null": lambda _: f"{encoded(b'null')}.{encoded(b'{}')}.{'A' * 86}",
    "two parts": lambda m: m.token().rpartition(".")[0],
    "four parts": lambda m: m.token() + ".x",
    "no parts": lambda _: "nonsense",
    "standard base64": lambda m: m.token().rpartition(".")[0] + "." + "+" * 86,
    "padding": lambda m: m.token() + "==",
    "oversized": lambda m: m.token(jti="x" * 2000),
}


def _with_signature_of(token: str, other: str) -> str:
    return f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_token_that_is_made_up_is_refused(
    edge: Edge, monolith: Monolith, forge: Callable[[Monolith], str]
) -> None:
    token = forge(monolith)
    for _ in range(2):
        assert _is_refused(edge.ask(token)), token
    assert token not in edge.known()["tokens"]
    assert "who" in edge.ask(monolith.token()), "a good one passes beside it"


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": timedelta(seconds=-1)},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": timedelta(days=3650)},
        {"nbf": timedelta(minutes=10)},
        {"nbf": None},
        {"iat": timedelta(minutes=10)},
        {"iat": None},
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["chat", "another"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "u.v"},
        {"sid": None},
        {"sid": {"a": 1}},
        {"roles": None},
        {"roles": "member"},
        {"roles": [["member"]]},
        {"roles": []},
        {"roles": ["stranger"]},
    ],
    ids=lambda changed: " ".join(f"{name}={value}" for name, value in changed.items()),
)
def test_a_signed_token_with_other_claims_is_refused(
    edge: Edge, monolith: Monolith, changed: dict[str, Any]
) -> None:
    now = time.time()  # not when the cases were collected, which may be long ago
    at = {k: now + v.total_seconds() for k, v in changed.items() if isinstance(v, timedelta)}
    found = edge.ask(monolith.token(**changed | at))
    stranger = changed.get("roles") in ([], ["stranger"])
    assert _is_refused(found, "forbidden" if stranger else "unauthenticated")


def test_claims_that_are_no_object_are_refused(edge: Edge, monolith: Monolith) -> None:
    for payload in (b"null", b"[]", b'"x"', b"{", b"\xff"):
        signed = jwt.PyJWS().encode(payload, monolith.signing["k1"], "ES256", ES256)
        assert _is_refused(edge.ask(signed))


def test_a_token_given_twice_is_refused(edge: Edge, monolith: Monolith) -> None:
    good = f"Authorization: Bearer {monolith.token()}\r\n"
    for second in (good, "Authorization: Bearer x\r\n", "authorization: Basic eDp5\r\n"):
        assert _raw(edge, good + second).startswith("HTTP/1.1 400")
    in_one = {"Authorization": f"Bearer {monolith.token()}, Bearer {monolith.token()}"}
    answer = httpx.get(f"{edge.url}/api/v1/profiles/me", headers=in_one)
    assert _is_refused(edge.said(answer))


@pytest.mark.parametrize("value", ["", "Bearer", "Basic eDp5", "Token x", "Bearer a b"])
def test_another_scheme_is_refused(edge: Edge, value: str) -> None:
    answer = httpx.get(f"{edge.url}/api/v1/profiles/me", headers={"Authorization": value})
    assert _is_refused(edge.said(answer))
    assert _is_refused(edge.ask(None))


def _raw(edge: Edge, headers: str) -> str:
    with socket.create_connection(("127.0.0.1", edge.port)) as connection:
        request = f"GET /api/v1/profiles/me HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
        connection.sendall(request.encode())
        return connection.recv(4096).decode()


# as time goes by


def test_a_cached_token_expires(edge: Edge, monolith: Monolith) -> None:
    token = monolith.token(exp=time.time() + 0.6)
    assert "who" in edge.ask(token)
    wait_for(lambda: _is_refused(edge.ask(token)))


def test_a_login_that_ends_is_refused_though_its_token_is_cached(
    edge: Edge, monolith: Monolith
) -> None:
    token, other = monolith.token(sid="ending"), monolith.token(sid="staying")
    assert "who" in edge.ask(token)
    monolith.end("ending")
    wait_for(lambda: _is_refused(edge.ask(token)))
    assert token in edge.known()["tokens"]
    assert "who" in edge.ask(other)
    assert _is_refused(edge.ask(monolith.token(sid="ending"))), "a new token of it neither"


def test_an_end_that_was_committed_late_is_not_missed(edge: Edge, monolith: Monolith) -> None:
    token = monolith.token(sid="late")
    assert "who" in edge.ask(token)
    monolith.ended["late"] = now_ms() - 15_000
    wait_for(lambda: _is_refused(edge.ask(token)))
    assert monolith.asked[-1] > 0, "it asks for what is new"


def test_a_rotation_is_not_noticed_and_a_key_that_is_taken_back_is(
    edge: Edge, monolith: Monolith
) -> None:
    old = monolith.token(sid="through-a-rotation")
    assert "who" in edge.ask(old)
    monolith.signing["k2"] = ec.generate_private_key(ec.SECP256R1())
    new = monolith.token(kid="k2")
    wait_for(lambda: "who" in edge.ask(new))
    assert "who" in edge.ask(old)
    del monolith.signing["k2"]
    wait_for(lambda: _is_refused(edge.ask(new)))
    assert new in edge.known()["tokens"], "it is refused though it was verified once"
    assert "who" in edge.ask(old)


# without a list


def test_until_it_has_pulled_it_says_that_it_cannot_tell(
    monolith: Monolith, tmp_path_factory: pytest.TempPathFactory
) -> None:
    edge = Edge(tmp_path_factory.mktemp("early"), monolith)
    monolith.is_silent = True
    try:
        edge.start()
        token = monolith.token()
        assert _is_refused(edge.ask(token), "not-ready")
        assert _is_refused(edge.ask(None)), "who shows none will not have one in a moment"
        assert edge.ask(None, "/api/v1/system") == {"who": None}
        wait_for(lambda: "cannot be pulled" in edge.log())
        monolith.is_silent = False
        wait_for(lambda: "who" in edge.ask(token))
        monolith.is_silent = True
        assert "who" in edge.ask(token), "a list is good for a while"
    finally:
        monolith.is_silent = False
        edge.stop()


def test_what_a_token_holds_is_in_no_log(edge: Edge, monolith: Monolith) -> None:
    token = monolith.token(sid="logged")
    edge.ask(token)
    edge.ask(token[:-1])
    assert token.split(".")[1] not in edge.log()
    assert base64.b64encode(SECRET).decode() not in edge.log()
