"""Behind a proxy that ends TLS: sockets open if it is trusted, else it is said what is wrong."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import websocket
from playing import Person, Server
from pydantic import ValidationError

from realtime.settings import Settings

PAGE = "https://chat.example"

Behind = Callable[..., tuple[Server, "Proxy"]]


class Proxy:
    """Takes what TLS was around, and passes it on with headers of its own."""

    def __init__(self, server: Server, *headers: str) -> None:
        self._target = ("127.0.0.1", server.port)
        self._headers = "".join(f"{header}\r\n" for header in headers).encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(4096)
                line, rest = head.split(b"\r\n", 1)
                server.sendall(line + b"\r\n" + self._headers + rest)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(4096):
            target.sendall(data)
    target.close()


@pytest.fixture
def behind(start: Callable[..., Server]) -> Iterator[Behind]:
    """Start a server that trusts these, behind a proxy that sends these headers."""
    proxies: list[Proxy] = []

    def behind(trusted: str, *headers: str) -> tuple[Server, Proxy]:
        server = start(CHAT_TRUSTED_PROXIES=trusted)
        proxies.append(Proxy(server, *headers))
        return server, proxies[-1]

    yield behind
    for one in proxies:
        one.close()


def _open(port: int, ticket: str, host: str = "chat.example") -> websocket.WebSocket:
    path = f"/socket.io/?EIO=4&transport=websocket&ticket={ticket}"
    return websocket.create_connection(
        f"ws://127.0.0.1:{port}{path}", origin=PAGE, host=host, timeout=5
    )


def _is_open(connection: websocket.WebSocket) -> None:
    assert str(connection.recv()).startswith("0{"), "the first packet of Engine.IO"
    connection.close()


@pytest.mark.parametrize(
    ("trusted", "headers", "host"),
    [
        ("127.0.0.1", ["X-Forwarded-Proto: https"], "chat.example"),
        ("10.0.0.0/8, 127.0.0.0/8", ["X-Forwarded-Proto: https"], "chat.example:443"),
        (
            "::1,127.0.0.1",
            ["X-Forwarded-Proto: https", "X-Forwarded-Host: chat.example"],
            "upstream",
        ),
    ],
)
def test_behind_a_trusted_proxy_sockets_open(
    behind: Behind, trusted: str, headers: list[str], host: str
) -> None:
    server, proxy = behind(trusted, *headers)
    _is_open(_open(proxy.port, Person(server).ticket(), host))


@pytest.mark.parametrize(
    ("trusted", "headers"),
    [
        ("", ["X-Forwarded-Proto: https"]),
        ("10.1.2.3", ["X-Forwarded-Proto: https", "X-Forwarded-Host: chat.example"]),
        ("127.0.0.1", []),
    ],
    ids=["nobody is trusted", "another is trusted", "the proxy says nothing"],
)
def test_else_the_socket_is_refused_aloud_and_the_ticket_is_kept(
    behind: Behind, trusted: str, headers: list[str]
) -> None:
    server, proxy = behind(trusted, *headers)
    ticket = Person(server).ticket()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        _open(proxy.port, ticket)
    assert refused.value.status_code == 403
    assert b"/api/docs/problems#origin-refused" in (refused.value.resp_body or b"")
    (logged,) = server.lines("socket.origin_refused")
    assert (logged["origin"], logged["peer"]) == (PAGE, "127.0.0.1")
    assert "CHAT_TRUSTED_PROXIES" in logged["hint"]
    assert ticket not in server.log.read_text()
    direct = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket&ticket={ticket}"
    _is_open(websocket.create_connection(direct, suppress_origin=True, timeout=5))


def test_a_trusted_proxy_lets_no_other_site_in(behind: Behind) -> None:
    server, proxy = behind("127.0.0.1", "X-Forwarded-Proto: https")
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        _open(proxy.port, Person(server).ticket(), host="another.example")


def test_a_protocol_that_is_not_served_spends_no_ticket(server: Server) -> None:
    ticket = Person(server).ticket()
    path = f"{server.url.replace('http', 'ws')}/socket.io/?transport=websocket&ticket={ticket}"
    for old in ("", "&EIO=3", "&EIO=4&EIO=4"):
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            websocket.create_connection(path + old, suppress_origin=True)
    _is_open(websocket.create_connection(path + "&EIO=4", suppress_origin=True))


def test_a_proxy_must_be_given_as_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_TRUSTED_PROXIES", "nginx")
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings()
