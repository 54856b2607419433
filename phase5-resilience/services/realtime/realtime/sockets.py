"""Socket.IO handlers: a socket opens, says that its person is typing, closes."""

from typing import Any, Protocol

import structlog
from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, join_room

from chassis.identity import Caller
from chassis.metrics import RequestMetrics
from realtime.admission import CALLER
from realtime.connections import Connections
from realtime.observed import observed
from realtime.publisher import room_of
from realtime.service import PresenceService, TypingService
from realtime.websocket import MESSAGE_MAX

PING_INTERVAL = 12
PING_TIMEOUT = 10
"""Seconds. A lost connection is noticed after their sum at the latest; the contract says 30."""

log = structlog.get_logger()


class Logins(Protocol):
    """What the sockets need to know of logins."""

    def is_alive(self, caller: Caller) -> bool:
        """Return whether the caller's login has not ended."""


def make_socketio() -> SocketIO:
    """Return the Socket.IO server: greenlets, WebSocket only."""
    return SocketIO(
        async_mode="gevent",
        transports=["websocket"],
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        max_http_buffer_size=MESSAGE_MAX,
        async_handlers=False,
        cors_allowed_origins=[],  # no judging: `Admission` has done so
        always_connect=True,  # else the first events overtake the answer to the connect packet
    )


def register(
    socketio: SocketIO,
    logins: Logins,
    connections: Connections,
    presence: PresenceService,
    typing: TypingService,
    metrics: RequestMetrics,
) -> None:
    """Install the handlers."""

    @socketio.on("connect")
    @observed(metrics.observe)
    def on_connect(_auth: object = None) -> None:
        caller: Caller = request.environ[CALLER]
        sid = _sid()
        join_room(room_of(caller.user_id))
        first = connections.add(sid, caller)
        # Only now: a login that ends from here on finds the socket in the register.
        if not logins.is_alive(caller):
            if connections.remove(sid) is not None and not first:
                presence.announce(caller.user_id)
            raise Refused("The login has ended.")
        if first:
            presence.announce(caller.user_id)
        log.info("socket.opened")

    @socketio.on("disconnect")
    @observed(metrics.observe)
    def on_disconnect(_reason: object = None) -> None:
        gone = connections.remove(_sid())
        log.info("socket.closed", user_id=gone.user_id if gone else None)
        if gone is not None:
            presence.announce(gone.user_id)

    @socketio.on("typing")
    @observed(metrics.observe, own_id=True)
    def on_typing(data: Any = None) -> None:
        caller = connections.caller(_sid())
        conversation_id = data.get("conversation_id") if isinstance(data, dict) else None
        if caller is not None and isinstance(conversation_id, str):
            typing.announce(caller.user_id, conversation_id)


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds it
