"""Things that the contract lets expire after half a minute, begun early in a run."""

import time
from dataclasses import dataclass, field

import websocket

from client.person import Person
from client.socket import handshake_url

HALF_A_MINUTE = 30.0
MARGIN = 1.0
"""Seconds that clocks and answers may take on top."""


@dataclass
class Aging:
    """A ticket, a login whose refresh token has a successor, and somebody whose network is gone."""

    ticket: str
    refreshed: Person
    lost: Person
    connection: websocket.WebSocket
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, person: Person, lost: Person) -> "Aging":
        """Begin the half minute; `person` and `lost` share a conversation from now on."""
        person.start_direct(lost)
        refreshed = person.login()
        refreshed.refresh()
        connection = _open_and_fall_silent(lost)
        return cls(person.ticket(), refreshed, lost, connection)

    def wait(self) -> None:
        """Wait for the rest of the half minute."""
        time.sleep(max(0.0, self.began + HALF_A_MINUTE + MARGIN - time.monotonic()))

    def end(self) -> None:
        """Drop the silent connection."""
        self.connection.shutdown()  # type: ignore[no-untyped-call]


def _open_and_fall_silent(person: Person) -> websocket.WebSocket:
    """Open a socket that answers no ping, as if the network had gone; the system hears nothing."""
    address = handshake_url(person.api.url, person.ticket()).replace("http", "ws", 1)
    connection = websocket.create_connection(address, timeout=5)
    connection.recv()  # Engine.IO: open
    connection.send("40")  # Engine.IO: message, Socket.IO: connect
    connection.recv()  # Socket.IO: connected
    return connection
