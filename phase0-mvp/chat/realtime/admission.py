"""Judging a WebSocket handshake before it becomes a socket."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flask import Response

from chassis.errors import Unauthenticated, Unavailable
from chassis.identity import Caller
from chassis.problems import from_domain, problem, respond
from chat.realtime.tickets import Tickets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CALLER = "chat.caller"
"""The key under which the WSGI environment carries whose socket it is."""

UNACKNOWLEDGED_MS = 20_000


class SocketsFull(Unavailable):
    """Every place for a socket is taken."""

    slug = "sockets-full"
    title = "No socket left"


class InvalidTicket(Unauthenticated):
    """Missing, used, too old, or of a login that has ended."""

    slug = "invalid-ticket"
    title = "Invalid ticket"


class Admission:
    """WSGI middleware in front of Socket.IO: admits `places` sockets at a time.

    An open socket holds a thread until it closes. Without a limit below the number of threads,
    sockets would take them all, and no request would be answered any more.
    """

    def __init__(self, app: "WSGIApplication", tickets: Tickets, places: int) -> None:
        self._app = app
        self._tickets = tickets
        self._places = threading.Semaphore(places)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass on what is not a handshake, or one that is admitted."""
        if not environ.get("PATH_INFO", "").startswith("/socket.io"):
            return self._app(environ, start_response)
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        if query.get("transport") != "websocket" or "sid" in query:
            detail = "Connect with transport=websocket; there is no polling here."
            return _refuse(respond(problem(400, "bad-request", "Bad request", detail)))(
                environ, start_response
            )
        if not self._places.acquire(blocking=False):
            full = SocketsFull("Every place for a socket is taken.", retry_after=5)
            return _refuse(from_domain(full))(environ, start_response)
        try:
            caller = self._tickets.redeem(query.get("ticket", ""))
            if caller is None:
                refused = from_domain(InvalidTicket("Get a new ticket; each one opens one socket."))
                return _refuse(refused)(environ, start_response)
            return self._serve(environ, start_response, caller)
        finally:
            self._places.release()

    def _serve(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", caller: Caller
    ) -> Iterable[bytes]:
        """Run the socket; this returns when it has closed."""
        environ[CALLER] = caller
        connection = environ.get("gunicorn.socket")
        if connection is not None:
            # A peer that vanished while data was under way is given up after this time;
            # the kernel's own patience is a quarter of an hour, with a thread held all along.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
        return self._app(environ, start_response)


def _refuse(response: Response) -> "Callable[..., Iterable[bytes]]":
    response.headers["Connection"] = "close"
    return response
