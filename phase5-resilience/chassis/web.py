"""The outermost layer: every answer, whoever made it, gets its id, its timing and safe headers."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chassis import access, context
from chassis.context import RequestContext
from chassis.correlation import given_id
from chassis.deadlines import seconds_left

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class RequestEnvelope:
    """WSGI middleware around everything else, the Socket.IO handshake too."""

    def __init__(self, app: "WSGIApplication", observe: Callable[[RequestContext], None]) -> None:
        self._app = app
        self._observe = observe

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        request = context.enter(given_id(environ))
        request.deadline = request.started + seconds_left(environ)
        request.method = access.fold(environ["REQUEST_METHOD"])

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            present = {name.lower() for name, _ in headers}
            for name, value in SAFE_HEADERS.items():
                if name.lower() not in present:
                    headers.append((name, value))
            headers.append(("X-Request-ID", request.request_id))
            headers.append(("Server-Timing", request.server_timing()))
            request.status = int(status[:3])
            if request.degraded and request.status < HTTPStatus.BAD_REQUEST:
                headers.append(("X-Degraded", ", ".join(sorted(request.degraded))))
            access.write(request, headers)
            return start_response(status, headers, exc_info)

        try:
            return self._app(environ, start)
        finally:
            self._observe(request)
            context.leave()
