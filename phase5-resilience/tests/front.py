"""Playing the gateway: an application as if one stood in front of it that believes every token.

What is for the auth service goes to the one that is played.
"""

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
from fake_auth import fake_auth
from flask import Request, Response

from chassis.calls import Pool
from chassis.identity import HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Registered = Callable[[str, str, str], None]
"""Is told id, username and display name of somebody new, before they have their answer."""
Elsewhere = Callable[[Request], Response | None]
"""Answers what the gateway leads to another service."""

SECRET = b"what the gateway and a service of these tests share"
ENVIRON = f"HTTP_{HEADER.upper().replace('-', '_')}"


def use_secrets() -> None:
    """Put the secrets of a test run where every process of it finds them."""
    directory = Path(tempfile.mkdtemp(prefix="chat-secrets-"))
    secrets = {"IDENTITY": SECRET, "SIGNING": b"for private keys", "CLIENT": b"of the monolith"}
    for name, secret in secrets.items():
        file = directory / name.lower()
        file.write_bytes(secret)
        os.environ[f"CHAT_{name}_SECRET_FILE"] = str(file)
    os.environ["CHAT_SIGNING_KEY_LEAD"] = "0"
    os.environ["CHAT_AUTH_URL"] = fake_auth().url


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

    def __init__(
        self,
        app: "WSGIApplication",
        registered: Registered | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._app = app
        self._registered = registered
        self._elsewhere = elsewhere

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        if self._registered is not None and environ["PATH_INFO"].startswith("/api/v1/auth/"):
            answer = Response(*self._by_auth(Request(environ), self._registered))
            return answer(environ, start_response)
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        try:
            claims = claims_of(token)
        except (jwt.InvalidTokenError, UnicodeError, KeyError):  # none, or a service's
            return self._app(environ, start_response)
        if claims["exp"] > time.time():
            environ[ENVIRON] = identity(claims)
        if self._elsewhere is not None and (said := self._elsewhere(Request(environ))):
            return said(environ, start_response)
        return self._app(environ, start_response)

    def _by_auth(self, asked: Request, registered: Registered) -> tuple[bytes, int, dict[str, str]]:
        headers = {name: asked.headers.get(name, "") for name in ("Authorization", "Content-Type")}
        pool, body = Pool(os.environ["CHAT_AUTH_URL"]), asked.get_data()
        answer = pool.ask(asked.method, asked.path, headers, body, 10)
        if answer.status == HTTPStatus.CREATED:
            given = json.loads(body)
            user_id = json.loads(answer.body)["user_id"]
            registered(user_id, given["username"], given["display_name"])
        return answer.body, answer.status, {"Content-Type": answer.kind}


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
