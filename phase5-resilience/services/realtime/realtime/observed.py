"""What a socket does is done on somebody's behalf too, long after its handshake."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask_socketio import SocketIO

from chassis import context
from chassis.context import RequestContext
from chassis.correlation import CarryingThread
from realtime.delivery import DeliveryMetrics, MeasuredWebSocket

Handler = Callable[..., Any]


def observe_sockets(socketio: SocketIO, metrics: DeliveryMetrics) -> None:
    """Let sockets count what they write, and what runs for them carry the handshake's id."""
    websocket, engine = partial(MeasuredWebSocket, metrics=metrics), socketio.server.eio
    engine._async = {**engine._async, "websocket": websocket, "thread": CarryingThread}  # noqa: SLF001


def observed(
    observe: Callable[[RequestContext], None], *, own_id: bool = False
) -> Callable[[Handler], Handler]:
    """Give each run of a handler a context of its own, and have it observed afterwards."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def run(*given: Any) -> Any:
            with context.entered(context.current(), own_id=own_id) as event:
                try:
                    return handler(*given)
                finally:
                    observe(event)

        return run

    return decorate
