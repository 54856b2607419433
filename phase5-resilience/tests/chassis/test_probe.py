"""The health check: what it takes for an answer, and what not."""

import socket
import threading
from collections.abc import Iterator

import pytest

from chassis import probe


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/readyz"


def asked(listener: socket.socket, answer: bytes) -> tuple[int, bytes]:
    """Return how the check ends, and what it said."""
    said = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            said.append(connection.recv(1000))
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    code = probe.main(url_of(listener))
    thread.join()
    return code, said[0]


def test_an_answer_that_all_is_well_will_do(listener: socket.socket) -> None:
    code, said = asked(listener, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert code == 0
    assert said.startswith(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 503 No\r\n\r\n", b"HTTP/1.1 404 No\r\n\r\n", b"what\r\n", b""]
)
def test_any_other_answer_will_not(
    listener: socket.socket, answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(listener, answer)[0] == 1
    assert url_of(listener) in capsys.readouterr().err


def test_nor_will_nobody_or_silence(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.05)
    assert probe.main(url_of(listener)) == 1, "nobody accepts"
    url = url_of(listener)
    listener.close()
    assert probe.main(url) == 1
