"""Socket.IO: every event is checked against asyncapi.yaml and remembered."""

import threading
import time
from collections.abc import Callable
from typing import Any

import socketio

from client.documents import ContractViolation, check_event
from client.waiting import BOUND

Event = dict[str, Any]


def handshake_url(url: str, ticket: str | None, transport: str = "websocket") -> str:
    """Return the address of a handshake, for tests that shake hands without a library."""
    query = f"EIO=4&transport={transport}"
    return f"{url}/socket.io/?{query}" + (f"&ticket={ticket}" if ticket is not None else "")


class Socket:
    """One open socket of one login.

    Events are hints: they may come doubled and in any order, so tests ask whether one came, not
    when or how often. What breaks the contract is raised by the next `wait_for` and by `close`.
    """

    def __init__(self, url: str, ticket: str) -> None:
        self.events: list[Event] = []
        self._violations: list[ContractViolation] = []
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", self._on_event)
        self._client.on("disconnect", self._on_disconnect)
        self._client.connect(f"{url}?ticket={ticket}", transports=["websocket"], wait_timeout=5)

    def _on_event(self, name: str, *arguments: Any) -> None:
        with self._changed:
            try:
                check_event(name, arguments)
                self.events.append(arguments[0])
            except ContractViolation as violation:
                self._violations.append(violation)
            self._changed.notify_all()

    def _on_disconnect(self, *_reason: Any) -> None:
        self._closed.set()

    def say_typing(self, conversation_id: object) -> None:
        """Tell the system that its person is typing; nothing comes back."""
        self._client.emit("typing", {"conversation_id": conversation_id})

    def emit(self, name: str, *arguments: Any) -> None:
        """Send any event, also one that the contract does not know."""
        self._client.emit(name, arguments)

    def seen(self, kind: str, **data: Any) -> list[Event]:
        """Return the events of this type so far whose data, or envelope, has these values."""
        self._raise_violations()
        with self._changed:
            return [event for event in self.events if _fits(event, kind, data)]

    def wait_for(self, kind: str, within: float = BOUND, **data: Any) -> Event:
        """Return an event of this type whose data, or envelope, has these values."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                self._raise_violations()
                for event in self.events:
                    if _fits(event, kind, data):
                        return event
                left = deadline - time.monotonic()
                if left <= 0:
                    names = [event["type"] for event in self.events]
                    raise AssertionError(f"no {kind} {data} within {within} s; seen: {names}")
                self._changed.wait(left)

    def wait_for_message(self, kind: str, message_id: str, within: float = BOUND) -> Event:
        """Return an event that carries this message."""
        return self.wait_for(kind, within, message=lambda message: message["id"] == message_id)

    def wait_closed(self, within: float = BOUND) -> None:
        """Wait until the system has closed this socket."""
        assert self._closed.wait(within), f"the socket is still open after {within} s"

    @property
    def is_open(self) -> bool:
        """Whether the socket is still connected."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Close the socket cleanly, as a tab does."""
        if self.is_open:
            self._client.disconnect()
        self._raise_violations()

    def _raise_violations(self) -> None:
        if self._violations:
            raise self._violations[0]


def _fits(event: Event, kind: str, wanted: dict[str, Any]) -> bool:
    if event["type"] != kind:
        return False
    known = {**event, **event["data"]}
    return all(_equal(known.get(name), value) for name, value in wanted.items())


def _equal(value: Any, wanted: Any | Callable[[Any], bool]) -> bool:
    return bool(wanted(value)) if callable(wanted) else bool(value == wanted)
