"""Playing what stands around auth: the gateway before it, and who has the profiles behind it."""

import base64
import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.calls import Answer
from chassis.errors import NotReady

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

INSIDE = "http://127.0.0.1:9001"
SECRET = b"what the gateway and auth of these tests share"
CLIENT_SECRET = "known-to-the-monolith"


def use_secrets() -> None:
    """Put the secrets of a test run where every process of it finds them."""
    directory = Path(tempfile.mkdtemp(prefix="chat-secrets-"))
    (directory / "client-chat").write_text(f"{CLIENT_SECRET}\n")
    for name, secret in {"IDENTITY": SECRET, "SIGNING": b"for private keys"}.items():
        file = directory / name.lower()
        file.write_bytes(secret)
        os.environ[f"CHAT_{name}_SECRET_FILE"] = str(file)
    os.environ |= {"CHAT_SIGNING_KEY_LEAD": "0", "CHAT_CLIENTS_DIR": str(directory)}


def identity(**claims: Any) -> str:
    """Return what the gateway says of somebody."""
    said = f"v1.{_encoded(json.dumps(claims).encode())}"
    return f"{said}.{_encoded(hmac.digest(SECRET, said.encode(), hashlib.sha256))}"


def identity_of(access_token: str) -> str:
    """Return what the gateway makes of an access token."""
    claims = jwt.decode(access_token, options={"verify_signature": False})
    return identity(**{name: claims[name] for name in ("sub", "sid", "roles", "exp")})


class Front:
    """WSGI middleware that says of a request who its token speaks of; inside it is not there."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if token.count(".") == 2 and environ["SERVER_PORT"] != "9001":
            with suppress(KeyError):  # of a service
                environ["HTTP_X_IDENTITY"] = identity_of(token)
        return self._app(environ, start_response)


class Profiles:
    """Notes what it is asked to make; it can be away."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.tokens: list[str] = []
        self.is_away = False

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, _timeout: float
    ) -> Answer:
        """Answer."""
        if self.is_away:
            raise NotReady("It is away.")
        self.made.append((method, path, json.loads(body)))
        self.tokens.append(headers["Authorization"].removeprefix("Bearer "))
        return Answer(204, "", b"")


class Person:
    """Somebody registered, at auth alone."""

    def __init__(self, client: FlaskClient, username: str) -> None:
        body = {"username": username, "password": "correct horse", "display_name": username}
        self.registered = client.post("/api/v1/auth/register", json=body)
        self.tokens: Any = self.registered.json or {}
        self.id = self.tokens.get("user_id", "")

    @property
    def identity(self) -> str:
        """Return the gateway's word for them."""
        return identity_of(self.tokens["access_token"])


def ask_token(client: FlaskClient, **changed: str) -> TestResponse:
    """Ask for a service token as the monolith does, but for what is changed."""
    known = f"{changed.pop('name', 'chat')}:{changed.pop('secret', CLIENT_SECRET)}"
    basic = base64.b64encode(known.encode()).decode()
    form = {"grant_type": "client_credentials", "audience": "auth", "scope": "accounts:read"}
    headers = {"Authorization": f"Basic {basic}"}
    return client.post("/token", data=form | changed, headers=headers, base_url=INSIDE)


def service_token(client: FlaskClient, scope: str, person: Person | None = None) -> str:
    """Return a token of the monolith's, for itself or in somebody's name."""
    wanted = {"scope": scope}
    if person is not None:
        wanted |= {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": person.identity,
            "subject_token_type": "urn:chat:identity",
        }
    answer = ask_token(client, **wanted)
    assert answer.status_code == 200, answer.text
    return str((answer.json or {})["access_token"])


def inside(
    client: FlaskClient, method: str, path: str, token: str = "", body: object = None
) -> TestResponse:
    """Ask on the internal listener."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.open(path, method=method, json=body, headers=headers, base_url=INSIDE)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
