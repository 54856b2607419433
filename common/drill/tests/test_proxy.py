"""The proxy passes everything on until it is told to hurt."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from drill.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data)


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy(echo).running() as proxy:
        yield proxy


def _connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2])), timeout=5)


def _is_cut(connection: socket.socket) -> bool:
    try:
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def test_bytes_go_both_ways(proxy: Proxy) -> None:
    with _connect(proxy) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"


def test_a_delay_slows_both_ways(proxy: Proxy) -> None:
    proxy.delay = 0.1
    with _connect(proxy) as client:
        began = time.monotonic()
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        assert time.monotonic() - began >= 0.2


def test_a_lost_answer_cuts_the_connection(proxy: Proxy) -> None:
    proxy.lose_answers = 1.0
    with _connect(proxy) as client:
        client.sendall(b"hello")
        assert _is_cut(client)
    assert proxy.lost == 1


def test_a_cut_ends_every_open_connection(proxy: Proxy) -> None:
    with _connect(proxy) as one, _connect(proxy) as other:
        for client in (one, other):
            client.sendall(b"hello")
            assert client.recv(10) == b"hello"
        proxy.cut()
        assert _is_cut(one)
        assert _is_cut(other)


def test_nobody_behind_it_looks_like_a_cut() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with Proxy(port).running() as proxy, _connect(proxy) as client:
        assert _is_cut(client)
