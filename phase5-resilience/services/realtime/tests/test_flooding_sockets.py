"""A socket on which far more comes in than a person can type is closed, and only that one."""

from collections.abc import Callable

import pytest
import websocket
from playing import Person, Server

BURST = 20
"""Of limits.json."""


def _open(server: Server, person: Person) -> websocket.WebSocket:
    path = f"/socket.io/?EIO=4&transport=websocket&ticket={person.ticket()}"
    connection = websocket.create_connection(f"ws://127.0.0.1:{server.port}{path}", timeout=5)
    connection.recv()  # Engine.IO's first packet
    connection.send("40")
    while not str(connection.recv()).startswith("40"):
        pass
    return connection


def _say_typing(connection: websocket.WebSocket, times: int) -> None:
    for _ in range(times):
        connection.send('42["typing",{"conversation_id":"none"}]')


def _close_code(connection: websocket.WebSocket) -> int:
    while True:
        code, data = connection.recv_data()
        if code == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


def test_more_than_a_person_can_type_closes_the_socket(server: Server) -> None:
    person = Person(server)
    flooding, quiet = _open(server, person), _open(server, person)
    _say_typing(flooding, 2 * BURST)
    assert _close_code(flooding) == 1008
    _say_typing(quiet, 3)
    quiet.ping()
    while quiet.recv_data(control_frame=True)[0] != websocket.ABNF.OPCODE_PONG:
        pass


def test_what_a_person_can_type_does_not(server: Server) -> None:
    connection = _open(server, Person(server))
    _say_typing(connection, BURST - 1)  # and one was the connect packet
    connection.settimeout(0.5)
    with pytest.raises(websocket.WebSocketTimeoutException):
        _close_code(connection)


def test_with_larger_limits_more_is_taken(start: Callable[..., Server]) -> None:
    server = start(CHAT_LIMITS="test")
    connection = _open(server, Person(server))
    _say_typing(connection, 5 * BURST)
    connection.settimeout(0.5)
    with pytest.raises(websocket.WebSocketTimeoutException):
        _close_code(connection)
