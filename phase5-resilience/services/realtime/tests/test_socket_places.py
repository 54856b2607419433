"""Sockets never starve HTTP: they may take their places, and not one more."""

import contextlib
from collections.abc import Callable

import httpx
import pytest
import simple_websocket
import socketio
from playing import Person, Server, handshake, handshake_url
from waiting import wait_for


@pytest.fixture
def small_server(start: Callable[..., Server]) -> Server:
    """A server with room for five sockets."""
    return start(CHAT_SOCKETS_MAX="5")


def _handshake(server: Server, ticket: str, without: str = "") -> httpx.Response:
    return handshake(handshake_url(server, ticket), without)


def test_with_every_place_taken_http_still_answers(small_server: Server) -> None:
    ann = Person(small_server)
    sockets = [ann.connect()[0] for _ in range(5)]
    ticket = ann.ticket()

    refused = _handshake(small_server, ticket)
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("#sockets-full")
    assert int(refused.headers["Retry-After"]) >= 1
    assert "X-Request-ID" in refused.headers

    assert httpx.get(f"{small_server.url}/healthz").status_code == 200
    assert ann.sees(ann) == {ann.id: True}

    sockets[0].disconnect()
    late = socketio.Client(reconnection=False)

    def place_is_free() -> bool:
        try:
            late.connect(f"{small_server.url}/?ticket={ticket}", transports=["websocket"])
        except socketio.exceptions.ConnectionError:
            return False
        return True

    wait_for(place_is_free)  # with the same ticket: a full house did not use it up
    for client in [*sockets[1:], late]:
        client.disconnect()


def test_a_refused_handshake_gives_its_place_back(small_server: Server) -> None:
    for _ in range(12):
        assert _handshake(small_server, "no such ticket").status_code == 401
    client, _ = Person(small_server).connect()
    client.disconnect()


def test_a_long_message_closes_the_socket_before_it_is_read_whole(small_server: Server) -> None:
    client, _ = Person(small_server).connect()
    client.emit("typing", {"conversation_id": "x" * 1_000_000})
    wait_for(lambda: not client.connected)


def test_a_flood_of_messages_closes_the_socket_and_leaves_nothing_to_do(
    small_server: Server,
) -> None:
    ann = Person(small_server)
    flooding = simple_websocket.Client.connect(
        f"{small_server.url}/socket.io/?EIO=4&transport=websocket&ticket={ann.ticket()}".replace(
            "http", "ws", 1
        )
    )
    flooding.receive(timeout=10)
    flooding.send("40")
    frame = b"\x81\x8f" + b"\0" * 4 + b'42["typing",{}]'  # fin, text; masked, 15 bytes

    def is_closed() -> bool:
        try:
            flooding.sock.sendall(frame * 3000)
        except OSError:
            return True
        return not flooding.connected

    wait_for(is_closed)
    clients = [ann.connect()[0] for _ in range(5)]  # its place is free again: nothing is left over
    for client in clients:
        client.disconnect()


@pytest.mark.parametrize("missing", ["Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"])
def test_half_a_handshake_is_refused_and_uses_no_ticket_up(
    small_server: Server, missing: str
) -> None:
    ticket = Person(small_server).ticket()
    assert _handshake(small_server, ticket, without=missing).status_code == 400
    client = socketio.Client(reconnection=False)
    client.connect(f"{small_server.url}/?ticket={ticket}", transports=["websocket"])
    client.disconnect()


def test_the_ticket_stays_out_of_the_log(start: Callable[..., Server]) -> None:
    server = start(CHAT_LOG_LEVEL="DEBUG")
    ticket = Person(server).ticket()
    for _ in range(2):
        with contextlib.suppress(socketio.exceptions.ConnectionError):
            Person(server).connect(ticket)[0].disconnect()
    server.terminate()
    server.process.wait(timeout=30)
    logged = server.log.read_text()
    assert "/api/v1/realtime/tickets" in logged, "nothing was logged at all"
    assert ticket not in logged
