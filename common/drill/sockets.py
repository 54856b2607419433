"""Many Socket.IO connections in one thread: they answer pings and count what arrives."""

import contextlib
import json
import selectors
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import websocket

from drill.client import Person

HANDSHAKE = 10.0
"""Seconds."""
Event = dict[str, Any]


class Full(Exception):
    """The handshake was refused; `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Sockets:
    """Open sockets. `on_event` is called with each event, in the reading thread."""

    def __init__(self, url: str, on_event: Callable[[str, Event], None]) -> None:
        self._address = urlsplit(url).netloc
        self._on_event = on_event
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.open = 0
        self._thread = threading.Thread(target=self._read, name="sockets", daemon=True)
        self._thread.start()

    def add(self, person: Person) -> None:
        """Open one more for a person. Raises Full."""
        address = f"ws://{self._address}/socket.io/?EIO=4&transport=websocket"
        try:
            connection = websocket.create_connection(
                f"{address}&ticket={person.ticket()}", timeout=HANDSHAKE
            )
        except websocket.WebSocketBadStatusException as error:
            raise Full(error.status_code) from None
        connection.recv()  # Engine.IO's greeting
        connection.send("40")
        connection.recv()  # Socket.IO's
        descriptor: int = connection.fileno()  # type: ignore[no-untyped-call]
        with self._lock:
            self._selector.register(descriptor, selectors.EVENT_READ, connection)
            self.open += 1

    def close(self) -> None:
        """Close all."""
        self._stop.set()
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.data.shutdown()
        self._selector.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                ready = self._selector.select(0.02)
            if not ready:
                time.sleep(0.001)  # whoever opens the next one gets the lock
            for key, _ in ready:
                self._take(key.fd, key.data)

    def _take(self, descriptor: int, connection: websocket.WebSocket) -> None:
        try:
            packet = str(connection.recv())
            if packet == "2":
                connection.send("3")
        except (OSError, websocket.WebSocketException):
            packet = ""
        if not packet:
            with self._lock, contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(descriptor)
                self.open -= 1
        elif packet.startswith("42"):
            name, event = json.loads(packet[2:])
            self._on_event(name, event)
