"""The WebSocket below Socket.IO, with bounds on what one client can make the server hold."""

from typing import TYPE_CHECKING, Any, NoReturn

from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from flask_socketio import SocketIO
from simple_websocket import Server
from wsproto.frame_protocol import CloseReason

from chassis.buckets import Bucket, Quota
from chassis.correlation import CarryingThread

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MESSAGE_MAX = 4096
"""Bytes; the one thing a client sends is `typing`."""

WAITING_MAX = 1000
"""Messages that may wait to be handled: more than one read from the network can bring."""


class BoundedServer(Server):  # type: ignore[misc]  # has no types
    """A WebSocket that closes on a client that sends faster than it is served.

    The library reads on beside it and keeps all it has read: a flood of the smallest
    messages would fill the memory, and keep a core busy for minutes after it has ended.
    """

    def _handle_events(self) -> bool:
        keep_going: bool = super()._handle_events()
        if keep_going and len(self.input_buffer) > WAITING_MAX:
            self.input_buffer.clear()
            self.close(CloseReason.POLICY_VIOLATION, "Too many messages at once.")
            self.event.set()
            return False
        return keep_going


class BoundedWebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]  # has no types
    """Engine.IO's adapter, with a bounded socket; gunicorn only.

    A client that says more than the quota allows is no person who types: its socket is closed.
    """

    def __init__(self, handler: Any, engine: Any, **options: Any) -> None:
        super().__init__(handler, engine, **options)
        self._bucket = Bucket(engine.quota)

    def wait(self) -> Any:
        """Return the next message, or None when the socket has closed."""
        message = super().wait()
        if message is not None and self._bucket.take():
            self.ws.close(CloseReason.POLICY_VIOLATION, "Too many messages.")
            return None
        return message

    def __call__(self, environ: "WSGIEnvironment", _start_response: "StartResponse") -> NoReturn:
        """Run the socket until it closes."""
        self.ws = BoundedServer(environ, max_message_size=MESSAGE_MAX, thread_class=CarryingThread)
        self.app(self)
        raise StopIteration  # tells gunicorn that the connection has had its answer


def limit_messages(socketio: SocketIO, quota: Quota) -> None:
    """Make every socket a bounded one. Engine.IO has no setting for it."""
    socketio.server.eio.quota = quota
    socketio.server.eio._async["websocket"] = BoundedWebSocket  # noqa: SLF001
