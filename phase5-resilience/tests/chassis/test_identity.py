"""What the monolith believes of who is calling: the gateway's signed word, and nothing else."""

import base64
import time
from typing import Any

import pytest
from flask import Flask
from front import SECRET, identity
from people import Somebody

from chassis.errors import Unauthenticated
from chassis.identity import HEADER, LENGTH_MAX, Caller, Identities
from chat import app as monolith

ME = "/api/v1/conversations"


def _claims(**changed: Any) -> dict[str, Any]:
    return {"sub": "u", "sid": "l", "roles": ["member"], "exp": time.time() + 86400} | changed


def test_what_the_gateway_says_is_believed() -> None:
    said = identity(_claims(roles=["member", "moderator"]))
    assert Identities(SECRET).caller(said) == Caller("u", "l", ("member", "moderator"))


def _altered() -> str:
    version, claims, mac = identity(_claims()).split(".")
    padded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    forged = base64.urlsafe_b64encode(padded.replace(b'"u"', b'"v"')).rstrip(b"=").decode()
    return f"{version}.{forged}.{mac}"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("", id="nothing"),
        pytest.param("v1", id="no parts"),
        pytest.param("..", id="empty parts"),
        pytest.param("v1.x.", id="no MAC"),
        pytest.param("v1.ü.ü", id="not ASCII"),
        pytest.param(identity(_claims(), secret=b"another"), id="another secret"),
        pytest.param(identity(_claims(), secret=b""), id="no secret"),
        pytest.param(identity(_claims(), version="v2"), id="another version"),
        pytest.param(_altered(), id="altered"),
        pytest.param(identity(_claims(exp=time.time() - 1)), id="over"),
        pytest.param(identity(_claims(exp="9999999999")), id="a time that is text"),
        pytest.param(identity(_claims(sub=None)), id="nobody"),
        pytest.param(identity(_claims(more="x")), id="more than that"),
        pytest.param(identity({"sub": "u", "sid": "l"}), id="less than that"),
        pytest.param(identity(_claims(sub="u" * LENGTH_MAX)), id="too long"),
    ],
)
def test_anything_else_is_nobody(said: str) -> None:
    with pytest.raises(Unauthenticated):
        Identities(SECRET).caller(said)


def test_the_monolith_itself_takes_no_token_and_no_forged_identity(app: Flask) -> None:
    ann = Somebody(app.test_client(), "ann")
    token = (ann.registered.json or {})["access_token"]
    alone = monolith.create_app().test_client()
    claims = _claims(sub=ann.id)
    for headers in (
        {},
        {"Authorization": f"Bearer {token}"},
        {HEADER: token},
        {HEADER: identity(claims, secret=b"guessed")},
        {HEADER: ann.id},
        {"X-User": ann.id, "X-Forwarded-User": ann.id},
    ):
        answer = alone.get(ME, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_stand_in_of_these_tests_lets_somebody_in(app: Flask) -> None:
    """Without this, what is refused above would prove nothing."""
    ann = Somebody(app.test_client(), "ann")
    assert ann.do("GET", "/conversations")["items"] == []
