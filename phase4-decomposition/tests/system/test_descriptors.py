"""File descriptors never run out: the process asks for more, or takes fewer sockets and says so."""

import shutil
from pathlib import Path

import httpx
import pytest
import websocket
from running import Person, Server

pytestmark = pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not here")


def _open_sockets(server: Server, person: Person, count: int) -> list[websocket.WebSocket]:
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket&ticket="
    return [
        websocket.create_connection(address + person.ticket(), suppress_origin=True, timeout=10)
        for _ in range(count)
    ]


def test_a_soft_limit_below_the_sockets_is_raised(server: Server) -> None:
    server.prefix = ["prlimit", "--nofile=128:4096"]
    server._environment["CHAT_SOCKETS_MAX"] = "150"
    server.start()
    ann = Person(server.url)
    sockets = _open_sockets(server, ann, 150)
    try:
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert Person(server.url).send(ann.group(), "c1").status_code == 404
    finally:
        for one in sockets:
            one.close()


def test_a_hard_limit_below_the_sockets_lowers_their_number_and_is_logged(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path / "data", CHAT_SOCKETS_MAX="1100")
    server.prefix = ["prlimit", "--nofile=256:256"]
    sockets: list[websocket.WebSocket] = []
    idle: list[httpx.Client] = []
    try:
        server.start()
        (said,) = server.lines("descriptors.few")
        assert (said["sockets"], said["sockets_max"]) == (64, 1100)
        ann = Person(server.url)
        sockets = _open_sockets(server, ann, 64)
        with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
            _open_sockets(server, ann, 1)
        for _ in range(100):  # more idle HTTP connections than there is room for
            idle.append(httpx.Client())
            idle[-1].get(f"{server.url}/healthz")
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert all(one.connected for one in sockets)
        assert "Too many open files" not in server.log.read_text()
    finally:
        for client in idle:
            client.close()
        for one in sockets:
            one.close()
        server.stop()
