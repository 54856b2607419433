"""Playing the gateway: the application as if one stood in front of it that believes every token."""

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
from flask import Flask

from chassis.identity import HEADER
from chat import app as monolith
from chat.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECRET = b"what the gateway and the monolith of these tests share"
ENVIRON = f"HTTP_{HEADER.upper().replace('-', '_')}"


def use_secrets() -> None:
    """Put the secrets of a test run where every process of it finds them."""
    directory = Path(tempfile.mkdtemp(prefix="chat-secrets-"))
    for name, secret in {"IDENTITY": SECRET, "SIGNING": b"for private keys"}.items():
        file = directory / name.lower()
        file.write_bytes(secret)
        os.environ[f"CHAT_{name}_SECRET_FILE"] = str(file)
    os.environ["CHAT_SIGNING_KEY_LEAD"] = "0"


def identity(claims: dict[str, Any], secret: bytes = SECRET, version: str = "v1") -> str:
    """Return what the gateway says of somebody."""
    said = f"{version}.{_encoded(json.dumps(claims).encode())}"
    return f"{said}.{_encoded(hmac.digest(secret, said.encode(), hashlib.sha256))}"


def claims_of(token: str) -> dict[str, Any]:
    """Return what the gateway takes from an access token; nothing of it is verified here."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return {name: claims[name] for name in ("sub", "sid", "roles", "exp")}


class StandIn:
    """WSGI middleware that says of a request who its token speaks of."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        try:
            claims = claims_of(token)
        except (jwt.InvalidTokenError, UnicodeError):
            return self._app(environ, start_response)
        if claims["exp"] > time.time():
            environ[ENVIRON] = identity(claims)
        return self._app(environ, start_response)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application behind a stand-in of the gateway."""
    app = monolith.create_app(settings)
    app.wsgi_app = StandIn(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
