"""What a socket does is done on somebody's behalf too, long after its handshake."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask_socketio import SocketIO

from chassis import context
from chassis.correlation import CarryingThread
from chassis.metrics import RequestMetrics
from chat.realtime.delivery import DeliveryMetrics, MeasuredWebSocket

Handler = Callable[..., Any]


def observe_sockets(socketio: SocketIO, metrics: DeliveryMetrics) -> None:
    """Let sockets count what they write, and their threads carry the handshake's id."""
    engine = socketio.server.eio
    engine._async = {  # noqa: SLF001 - Engine.IO has no setting for it
        **engine._async,  # noqa: SLF001
        "websocket": partial(MeasuredWebSocket, metrics=metrics),
        "thread": CarryingThread,
    }


def observed(metrics: RequestMetrics, *, own_id: bool = False) -> Callable[[Handler], Handler]:
    """Give each run of a handler a context, and observe it afterwards.

    It has the id of whatever brought it about: a handshake, or the logout that closes a socket.
    With `own_id` it has a new one, and its log lines say by `socket` which handshake it belongs to.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def run(*given: Any) -> Any:
            cause = context.request_id()
            with context.entered(None if own_id else cause) as event:
                if own_id and cause:
                    event.fields["socket"] = cause
                try:
                    return handler(*given)
                finally:
                    metrics.observe(event)

        return run

    return decorate
