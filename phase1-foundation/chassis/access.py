"""One line for each request that was answered: what it was, and where its time went."""

from typing import TYPE_CHECKING, Any

import structlog

from chassis.context import RequestContext, Span

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

METHODS = frozenset(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
)
QUIET = {"/healthz", "/readyz"}
"""Asked for every few seconds; their log lines would hide the others."""

log = structlog.get_logger()


def fold_method(environ: "WSGIEnvironment") -> None:
    """Give all methods that HTTP does not know one name: callers could invent them without end."""
    if environ["REQUEST_METHOD"] not in METHODS:
        environ["REQUEST_METHOD"] = "OTHER"


def write(
    request: RequestContext,
    environ: "WSGIEnvironment",
    status: str,
    headers: list[tuple[str, str]],
) -> None:
    """Write the line. The route, not the path: paths and query strings carry what people chose."""
    quiet = environ.get("PATH_INFO") in QUIET or request.route == "operations"
    db, cache = request.spans.get("db", _NOTHING), request.spans.get("cache", _NOTHING)
    fields: dict[str, Any] = {
        "method": environ["REQUEST_METHOD"],
        "route": request.route or "(none)",
        "status": int(status[:3]),
        "ms": round(request.elapsed_ms(), 2),
        "db_ms": round(db.ms, 2),
        "db_queries": db.count,
    }
    if cache.outcome:
        fields["cache"] = cache.outcome
    length = next((value for name, value in headers if name == "Content-Length"), None)
    if length is not None:
        fields["bytes"] = int(length)
    (log.debug if quiet else log.info)("http.request", **fields)


_NOTHING = Span()
