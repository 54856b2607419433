"""Judging a WebSocket handshake before it becomes a socket."""

import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog

from chassis import context
from chassis.errors import BadRequest, DomainError, Forbidden, Unauthenticated, Unavailable
from chassis.identity import Caller
from chassis.problems import from_domain
from realtime.push import EndedLogins
from realtime.subscriptions import Subscriptions
from realtime.tickets import Tickets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

CALLER = "chat.caller"
"""The key under which the WSGI environment carries whose socket it is."""

UNACKNOWLEDGED_MS = 20_000


class SocketsFull(Unavailable):
    """Every place for a socket is taken."""

    slug = "sockets-full"
    title = "No socket left"


class OriginRefused(Forbidden):
    """The page that opens the socket is not one of ours."""

    slug = "origin-refused"
    title = "Another site"


class InvalidTicket(Unauthenticated):
    """Missing, used, too old, or of a login that has ended."""

    slug = "invalid-ticket"
    title = "Invalid ticket"


class Admission:
    """WSGI middleware in front of Socket.IO: admits `places` sockets at a time.

    An open socket holds memory and a file until it closes. It opens once it is known which
    conversations it has to hear of; while nobody can say, it is refused, and its ticket is kept.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        tickets: Tickets,
        logins: EndedLogins,
        subscriptions: Subscriptions,
        places: int,
    ) -> None:
        self._app = app
        self._tickets = tickets
        self._logins = logins
        self._subscriptions = subscriptions
        self._places = threading.Semaphore(places)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass on what is not a handshake, or one that is admitted."""
        if not environ.get("PATH_INFO", "").startswith("/socket.io"):
            return self._app(environ, start_response)
        try:
            return self._admit(environ, start_response)
        except DomainError as error:
            refusal = from_domain(error)
            refusal.headers["Connection"] = "close"
            return refusal(environ, start_response)

    def _admit(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Run the socket; this returns when it has closed, and then its place is free again."""
        query = parse_qs(environ["QUERY_STRING"])
        if query.get("transport") != ["websocket"] or not _is_upgrade(environ) or "sid" in query:
            raise BadRequest("Connect with transport=websocket; there is no polling here.")
        if query.get("EIO") != ["4"]:
            raise BadRequest("Connect with EIO=4, the protocol of Socket.IO's clients since 2020.")
        _require_own_origin(environ)
        if not self._places.acquire(blocking=False):
            raise SocketsFull("Every place for a socket is taken.", retry_after=5)
        try:
            ticket = query.get("ticket", [""])[0]
            caller = self._tickets.caller(ticket)
            if caller is None or not self._logins.is_alive(caller):
                raise _invalid_ticket()
            environ[CALLER] = caller
            context.bind(user_id=caller.user_id)
            return self._run(ticket, caller, environ, start_response)
        finally:
            self._places.release()

    def _run(
        self,
        ticket: str,
        caller: Caller,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        self._subscriptions.enter(caller.user_id)
        try:
            if not self._tickets.use_up(ticket):
                raise _invalid_ticket()
            _give_up_on_silence(environ)
            return self._app(environ, start_response)
        finally:
            self._subscriptions.leave(caller.user_id)


def _invalid_ticket() -> InvalidTicket:
    return InvalidTicket("Get a new ticket; each one opens one socket.")


def _is_upgrade(environ: "WSGIEnvironment") -> bool:
    """Return whether this is a WebSocket handshake (RFC 6455, 4.2.1) that cannot fail later on."""
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in [option.strip() for option in connection]
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and bool(environ.get("HTTP_SEC_WEBSOCKET_KEY"))
    )


def _require_own_origin(environ: "WSGIEnvironment") -> None:
    """Raise `OriginRefused` for a page of another site; programs that are no page name none."""
    origin = environ.get("HTTP_ORIGIN")
    own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    if origin is None or _site(origin) == _site(own):
        return
    log.warning(
        "socket.origin_refused",
        origin=origin[:200],
        own=own[:200],
        peer=environ.get("REMOTE_ADDR"),
        hint="if a proxy is between, it must name the site, and CHAT_TRUSTED_PROXIES the proxy",
    )
    raise OriginRefused("The page that opens the socket is of another site than this one.")


def _site(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url, None, None
    return parts.scheme, parts.hostname, port


def _give_up_on_silence(environ: "WSGIEnvironment") -> None:
    """Let the kernel drop a peer that acknowledges nothing any more.

    Its own patience is a quarter of an hour, and a place would be held all along.
    """
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
