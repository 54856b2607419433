"""Sending events to people, and closing their sockets with a reason."""

from collections.abc import Collection, Iterable

import structlog
from flask_socketio import SocketIO

from chassis.events import Event, new_event
from chassis.identity import LOGINS_ENDED
from realtime.connections import Connections

log = structlog.get_logger()

RECONNECT_WITHIN_MS = 5000
"""Clients of a stopping server come back spread over this time, not all at once."""


def room_of(user_id: str) -> str:
    """Return the Socket.IO room that all sockets of one person are in."""
    return f"user:{user_id}"


class SocketPublisher:
    """Publishes events to open sockets, and closes sockets."""

    def __init__(self, socketio: SocketIO, connections: Connections) -> None:
        self._socketio = socketio
        self._connections = connections

    def publish(self, event: Event, user_ids: Collection[str]) -> None:
        """Queue the event for each socket of these people; close those of logins that ended."""
        try:
            if event["type"] == LOGINS_ENDED:
                self.close_logins(event["data"]["login_ids"])
            else:
                self._emit(event, user_ids)
        except Exception:
            log.exception("event.lost", type=event["type"], id=event["id"])

    def _emit(self, event: Event, user_ids: Collection[str]) -> None:
        rooms = [room_of(user_id) for user_id in self._connections.online(user_ids)]
        if rooms:
            self._socketio.emit(event["type"], event, to=rooms)

    def close_logins(self, login_ids: Collection[str]) -> None:
        """Close the sockets of logins that have ended."""
        sids = self._connections.of_logins(login_ids)
        self._close(sids, "login-ended", reconnect=False)

    def close_all(self, reason: str = "server-stopping") -> None:
        """Close every socket; its client comes back, and catches up."""
        self._close(self._connections.all(), reason, reconnect=True)

    def _close(self, sids: Iterable[str], reason: str, *, reconnect: bool) -> None:
        data = {
            "reason": reason,
            "reconnect": reconnect,
            "max_delay_ms": RECONNECT_WITHIN_MS if reconnect else 0,
        }
        event = new_event("connection.closing", data)
        for sid in sids:
            self._socketio.emit(event["type"], event, to=sid)
            # In a thread of its own: a client that does not read must hold nobody else up.
            self._socketio.start_background_task(self._disconnect, sid)

    def _disconnect(self, sid: str) -> None:
        server = self._socketio.server
        engine_sid = server.manager.eio_sid_from_sid(sid, "/")
        server.disconnect(sid)
        if engine_sid:
            server.eio.disconnect(engine_sid)
