"""One line for each request that was answered: what it was, and where its time went."""

from typing import Any

import structlog

from chassis.context import OPERATIONS, RequestContext, Span

METHODS = frozenset(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
)
QUIET = {"/healthz", "/readyz", OPERATIONS}
"""Asked for every few seconds; their lines would hide the others."""

_NOTHING = Span()
log = structlog.get_logger()


def fold(method: str) -> str:
    """Give all methods that HTTP does not know one name: callers could invent them without end."""
    return method if method in METHODS else "OTHER"


def write(request: RequestContext, headers: list[tuple[str, str]]) -> None:
    """Write the line. The route, not the path: paths and query strings carry what people chose."""
    primary, replica = (request.spans.get(name, _NOTHING) for name in ("db", "replica"))
    fields: dict[str, Any] = {
        "method": request.method,
        "route": request.route,
        "status": request.status,
        "ms": round(request.elapsed_ms(), 2),
        "db_ms": round(primary.ms + replica.ms, 2),
        "queries": primary.count + replica.count,
        "cache": request.spans.get("cache", _NOTHING).outcome or None,
        "bytes": next((int(value) for name, value in headers if name == "Content-Length"), None),
    }
    (log.debug if request.route in QUIET else log.info)("http.request", **fields)
