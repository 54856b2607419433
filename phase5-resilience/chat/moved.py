"""What has moved out is answered here too, by asking the service that it moved to.

So the gateway can lead people to either, and from one to the other while they come. It goes away
with the last request that comes by it.
"""

import urllib3
from flask import Blueprint, Response, request
from urllib3.exceptions import HTTPError

from chassis import context
from chassis.errors import NotReady
from chassis.identity import HEADER

ASKED = ("Accept", "Content-Type", "Host", "Origin", "User-Agent", HEADER)
ANSWERED = ("Allow", "Cache-Control", "Content-Type", "Retry-After", "WWW-Authenticate")
"""Which headers are passed on; an answer's id and its timing are the envelope's."""
METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


def passed_on(url: str) -> Blueprint:
    """Return the routes of auth, which is at this address for people."""
    pool = urllib3.connection_from_url(url, maxsize=32)
    routes = Blueprint("moved", __name__)

    @routes.route("/api/v1/auth/<path:_rest>", methods=METHODS)
    def pass_on(_rest: str) -> Response:
        headers = {name: request.headers[name] for name in ASKED if name in request.headers}
        headers |= {
            "X-Forwarded-For": request.remote_addr or "",
            "X-Forwarded-Host": request.host,
            "X-Forwarded-Proto": request.scheme,
            "X-Request-ID": context.request_id() or "",
        }
        answer = _ask(pool, headers)
        kept = {name: answer.headers[name] for name in ANSWERED if name in answer.headers}
        return Response(answer.data, answer.status, kept)

    return routes


def _ask(pool: urllib3.HTTPConnectionPool, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    """Ask once: what somebody sends may not be done twice."""
    try:
        return pool.request(
            request.method,
            request.full_path.removesuffix("?"),
            body=request.get_data(),
            headers=headers,
            timeout=urllib3.Timeout(total=context.time_left()),
            retries=False,
            redirect=False,
        )
    except HTTPError as error:
        raise NotReady("The service auth does not answer.") from error
