"""File descriptors never run out: the process asks for more, or takes fewer sockets and says so."""

import shutil
from collections.abc import Callable

import httpx
import pytest
import websocket
from playing import Person, Server

pytestmark = pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not here")

Start = Callable[..., Server]


def _open_sockets(server: Server, count: int) -> list[websocket.WebSocket]:
    person = Person(server)
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket&ticket="
    return [
        websocket.create_connection(address + person.ticket(), suppress_origin=True, timeout=10)
        for _ in range(count)
    ]


def test_a_soft_limit_below_the_sockets_is_raised(start: Start) -> None:
    server = start(["prlimit", "--nofile=128:4096"], CHAT_SOCKETS_MAX="150")
    sockets = _open_sockets(server, 150)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    for one in sockets:
        one.close()


def test_a_hard_limit_below_the_sockets_lowers_their_number_and_is_logged(start: Start) -> None:
    server = start(["prlimit", "--nofile=256:256"], CHAT_SOCKETS_MAX="1100")
    (said,) = server.lines("descriptors.few")
    assert (said["sockets"], said["sockets_max"]) == (96, 1100)
    sockets = _open_sockets(server, 96)
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        _open_sockets(server, 1)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert all(one.connected for one in sockets)
    assert "Too many open files" not in server.log.read_text()
    for one in sockets:
        one.close()
