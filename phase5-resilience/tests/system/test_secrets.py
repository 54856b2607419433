"""What people write, and what lets somebody in, gets into no log: not by any way in, nor by faults.

Each input carries a mark of its own. Whatever the server says, with every detail switched on, must
hold none of them.
"""

import contextlib
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from real_messages import use_messages
from running import Server, wait_for

FAULTS = ["value", "key", "cause", "validation", "database", "thread"]


class Marks:
    """Words that stand for secrets."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def __call__(self, what: str) -> str:
        """Return a new mark; `what` says where it goes in."""
        mark = f"mark-{next(self._numbers):03}-zq"
        self.made[mark] = what
        return mark

    def known(self, secret: str, what: str) -> str:
        """Watch for what the server itself has given out."""
        self.made[secret] = what
        return secret

    def found_in(self, text: str) -> set[str]:
        """Return what has leaked."""
        return {what for mark, what in self.made.items() if mark in text}


@pytest.fixture(params=["DEBUG", "INFO"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with faults, that says as much as it can, or as usual."""
    use_messages()
    server = Server(tmp_path / "data", "faulty:faulty_app()", CHAT_LOG_LEVEL=request.param)
    yield server.start()
    server.stop()


def test_no_log_holds_what_somebody_has_sent(server: Server) -> None:
    mark = Marks()
    with httpx.Client(base_url=server.url, timeout=20) as http:
        everything_that_can_be_sent(http, mark)
        every_way_to_be_refused(http, mark)
        for kind in FAULTS:
            http.post(f"/fault/{kind}", content=mark(f"a fault: {kind}"))
    for raw in what_is_no_http(mark):
        send_raw(server.port, raw)
    wait_for(lambda: warnings(server) == len(what_is_no_http(mark)))

    assert len(server.lines("http.fault")) == len(FAULTS) - 2  # one is a 422, one a thread's
    assert len(server.lines("thread.died")) == 1
    assert {"KeyError", "ValueError", "RuntimeError", "IntegrityError"} <= {
        cause["type"] for line in server.lines("http.fault") for cause in line["exception"]
    }
    assert mark.found_in(server.log.read_text(errors="replace")) == set()
    assert mark.found_in(httpx.get(f"{server.operations}/metrics").text) == set()


def warnings(server: Server) -> int:
    """Return how many requests gunicorn has refused by itself."""
    return len([line for line in server.lines("gunicorn.error") if line["level"] == "warning"])


def everything_that_can_be_sent(http: httpx.Client, mark: Marks) -> None:
    """Use the whole API, well and badly."""
    account = {"username": "ann", "password": mark("password"), "display_name": mark("name")}
    tokens = http.post("/api/v1/auth/register", json=account).raise_for_status().json()
    access = mark.known(tokens["access_token"], "access token")
    mark.known(tokens["refresh_token"], "refresh token")
    http.headers["Authorization"] = f"Bearer {access}"
    http.headers["X-Whatever"] = mark("header")
    http.headers["Cookie"] = f"session={mark('cookie')}"
    http.headers["User-Agent"] = mark("user agent")
    http.post("/api/v1/auth/login", json={**account, "password": mark("wrong password")})
    http.post("/api/v1/auth/refresh", json={"refresh_token": mark("refresh token of nobody")})
    http.patch("/api/v1/profiles/me", json={"display_name": mark("name"), "bio": mark("bio")})
    http.get("/api/v1/profiles", params={"q": mark("search"), mark("parameter"): "1"})
    group = http.post(
        "/api/v1/conversations", json={"kind": "group", "name": mark("group"), "member_ids": []}
    ).json()
    here = f"/api/v1/conversations/{group['id']}"
    sent = http.post(f"{here}/messages", json={"client_id": "c1", "body": mark("text")}).json()
    http.patch(f"{here}/messages/{sent['id']}", json={"body": mark("edited text")})
    http.put(f"{here}/messages/{sent['id']}/reactions/{mark('no emoji')}")
    http.post(f"{here}/messages", content=f'{{"body": "{mark("half of JSON")}')
    http.post(f"{here}/messages", json={"client_id": mark("client id"), "body": 1})
    http.get(f"{here}/messages", params={"after": mark("number"), "cursor": mark("cursor")})
    http.post("/api/v1/auth/logout")


def every_way_to_be_refused(http: httpx.Client, mark: Marks) -> None:
    """Knock where nothing is."""
    http.get(f"/{mark('path')}/x", params={"token": mark("query")})
    http.request(mark("method").upper()[:20], "/api/v1/profiles/me")
    http.get("/api/v1/profiles/me", headers={"X-Request-ID": f"{mark('bad id')} and more"})
    http.get("/api/v1/profiles/me", headers={"Authorization": f"Bearer {mark('token of nobody')}"})
    http.get(f"/web/{mark('file')}.js")


def what_is_no_http(mark: Marks) -> list[bytes]:
    """Return what gunicorn refuses before the application hears of it."""
    requests = [
        f"GET /?token={mark('raw query')} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization : Bearer {mark('raw header')}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{mark('raw name')}\r\n\r\n",
        f"{mark('raw line')}\r\n\r\n",
        f"G@T /{mark('raw path')} HTTP/1.1\r\n\r\n",
        f"POST / HTTP/1.1\r\nTransfer-Encoding: {mark('raw coding')}\r\n\r\n",
        f"POST / HTTP/1.1\r\nContent-Length: {mark('raw length')}\r\n\r\n",
    ]
    return [one.encode() for one in requests]


def send_raw(port: int, raw: bytes) -> None:
    """Send bytes, and read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        with contextlib.suppress(TimeoutError):
            while connection.recv(4096):
                pass
