"""What the gateway pulls, from a monolith that is only pretended, and tokens that it has signed."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

SECRET = b"what gateway and monolith share"


class Monolith:
    """Publishes keys and logins that have ended, as the real one does; it can be silent."""

    def __init__(self) -> None:
        self.signing = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.ended: dict[str, int] = {}
        self.is_silent = False
        self.asked: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a pull."""
        path = urlsplit(request.path)
        if path.path == "/ended-logins":
            since = int(parse_qs(path.query)["since"][0])
            self.asked.append(since)
            ended = {sid: at for sid, at in self.ended.items() if at > since}
            document: dict[str, Any] = {"now": now_ms(), "ended": ended}
        else:
            document = {"keys": [jwk(kid, key) for kid, key in self.signing.items()]}
        body = json.dumps(document).encode()
        request.send_response(503 if self.is_silent else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def token(
        self, *, kid: str = "k1", headers: Mapping[str, Any] | None = None, **changed: Any
    ) -> str:
        """Return a token as the real one signs them, but for what is changed; None leaves out."""
        signed = {**claims(), **changed}
        present = {name: value for name, value in signed.items() if value is not None}
        words = {"kid": kid, "typ": "at+jwt", **(headers or {})}
        return jwt.encode(present, self.signing[kid], "ES256", words)

    def end(self, sid: str) -> None:
        """End a login."""
        self.ended[sid] = now_ms()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def now_ms() -> int:
    """Return the wall clock in milliseconds."""
    return time.time_ns() // 1_000_000


def claims() -> dict[str, Any]:
    """Return the claims of a good token."""
    now = time.time()
    return {
        "iss": "chat",
        "aud": "chat",
        "sub": "user",
        "sid": "login",
        "roles": ["member"],
        "jti": "1",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
    }


def jwk(kid: str, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return the public half of a key, as the monolith publishes it."""
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "ES256"}


def unsigned(headers: Mapping[str, Any], payload: Mapping[str, Any], signature: str = "") -> str:
    """Return three parts that nobody has signed."""
    parts = [encoded(json.dumps(part).encode()) for part in (headers, payload)]
    return ".".join([*parts, signature])


def hmac_signed(headers: Mapping[str, Any], payload: Mapping[str, Any], key: bytes) -> str:
    """Return a token with an HMAC where the signature should be."""
    said = unsigned(headers, payload)[:-1]
    return f"{said}.{encoded(hmac.digest(key, said.encode(), hashlib.sha256))}"


def encoded(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
