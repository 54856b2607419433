"""The gateway's judgement in a small nginx of a test's own, and a monolith that is only pretended."""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from nginx import binary
from waiting import PHASE, wait_for

SECRET = b"what gateway and monolith share"
CONFIGURATION = """\
worker_processes 2;
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
env CHAT_IDENTITY_SECRET_FILE;
events {{ worker_connections 256; }}
http {{
    access_log off;
    js_path {phase}/gateway/js;
    js_path {phase}/tests/gateway;
    include {directory}/auth.conf;
    include {phase}/gateway/policy.conf;
    js_import asked.js;
    server {{
        listen 127.0.0.1:{port} reuseport;
        large_client_header_buffers 4 16k;
        location @pull {{ js_periodic pull.pull interval=100ms; }}
        location = /known {{ js_content asked.known; }}
        location / {{ js_content asked.who; }}
    }}
}}
"""


class Monolith:
    """Publishes keys and logins that have ended, as the real one does; it can be silent."""

    def __init__(self) -> None:
        self.signing = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.ended: dict[str, int] = {}
        self.is_silent = False
        self.asked: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802 - its base class calls it so
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


class Edge:
    """Two workers of nginx with the gateway's own auth.conf, policy.conf and js."""

    def __init__(self, directory: Path, monolith: Monolith) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        secret = directory / "secret"
        secret.write_bytes(SECRET)
        text = (PHASE / "gateway/auth.conf").read_text()
        for address in ("chat:8000", "chat:9000"):
            text = text.replace(address, monolith.address)
        (directory / "auth.conf").write_text(text)
        (directory / "nginx.conf").write_text(
            CONFIGURATION.format(
                phase=PHASE,
                port=self.port,
                directory=directory,
                user="user root root;" if os.geteuid() == 0 else "",
            )
        )
        self._environment = os.environ | {"CHAT_IDENTITY_SECRET_FILE": str(secret)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Edge":
        """Start; it may not have pulled anything yet."""
        words = ["-p", str(self._directory), "-c", str(self._directory / "nginx.conf")]
        self._process = subprocess.Popen(
            [str(binary()), *words, "-e", str(self._directory / "error.log")],
            env=self._environment,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._listens)
        return self

    def ask(self, token: str | None, path: str = "/api/v1/profiles/me", **request: Any) -> Any:
        """Return what it makes of a request with this token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.said(httpx.get(self.url + path, headers=headers | request))

    def said(self, answer: httpx.Response) -> Any:
        """Return what it made of a request."""
        assert answer.status_code == 200, answer.text
        return answer.json()

    def known(self) -> Any:
        """Return what it has pulled and cached."""
        return self.said(httpx.get(f"{self.url}/known"))

    def is_ready(self) -> bool:
        """Return whether it has pulled."""
        return "as of" in self.known()["ended"]

    def log(self) -> str:
        """Return what it wrote."""
        return (self._directory / "error.log").read_text()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            return httpx.get(f"{self.url}/known").status_code == 200
        except httpx.TransportError:
            return False


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
