"""What one process counts and times of its requests, for whoever comes and asks.

Inner layers know nothing of it: they book to the request's context, as they have done for
Server-Timing, and what has come together there is observed here when the request ends. Every label
has a bounded set of values: each combination is a series that is kept for as long as we run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask, Request, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_flask_exporter import PrometheusMetrics

from chassis import context
from chassis.context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "chat"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""The upper bounds of the buckets; a quantile is exact to within one of them."""
NO_ROUTE = "(none)"
RESOURCES = ("connection", "write lock", "password hash")

disable_created_metrics()  # type: ignore[no-untyped-call]  # else each series stands there twice


def route(request: Request) -> str:
    """Return the template of the path; all paths that nobody knows share one name."""
    return request.url_rule.rule if request.url_rule else NO_ROUTE


class RequestMetrics:
    """The registry of one application, and what is in it of every request."""

    def __init__(self, app: Flask, build: Mapping[str, str]) -> None:
        self.registry = CollectorRegistry()
        self.exporter = PrometheusMetrics(
            app,
            path=None,  # never on the listener that everybody reaches
            defaults_prefix=PREFIX,
            group_by=route,
            buckets=SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info(f"{PREFIX}_build", "Which system this is.", registry=self.registry).info(dict(build))
        self._in_flight = Gauge(
            f"{PREFIX}_http_requests_in_flight",
            "Requests that are being worked on; open sockets are none.",
            registry=self.registry,
        )
        self._statements = self._counter("database_statements_total", "Statements executed.")
        self._database = self._histogram(
            "database_seconds", "Time that a request spent in the database, commits included."
        )
        self._cache = self._counter(
            "cache_documents_total", "Documents sought in the cache.", "kind", "outcome"
        )
        waits = self._histogram(
            "wait_seconds", "Time that a request waited for what is bounded.", "resource"
        )
        refused = self._counter("wait_refused_total", "Requests that waited in vain.", "resource")
        self._waits = {name: (waits.labels(name), refused.labels(name)) for name in RESOURCES}
        app.before_request(_note_route)
        app.wsgi_app = _Measured(app.wsgi_app, self)  # type: ignore[method-assign]

    def watch(self, name: str, says: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when somebody asks."""
        Gauge(f"{PREFIX}_{name}", says, registry=self.registry).set_function(read)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Observe the request that is served meanwhile."""
        self._in_flight.inc()
        try:
            yield
        finally:
            self._in_flight.dec()
            served = context.current()
            if served is not None:
                self.observe(served)

    def observe(self, served: RequestContext) -> None:
        """Take over what was booked to a request, or to an event of a socket."""
        database = served.spans.get("db")
        if database is not None:
            self._statements.inc(database.count)
            self._database.observe(database.ms / 1000)
        for (kind, outcome), count in served.looks.items():
            self._cache.labels(kind, outcome).inc(count)
        for name, wait in served.waits.items():
            seconds, refused = self._waits[name]
            seconds.observe(wait.seconds)
            if wait.refused:
                refused.inc(wait.refused)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", says, labels, registry=self.registry)

    def _histogram(self, name: str, says: str, *labels: str) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", says, labels, buckets=SECONDS, registry=self.registry)


class _Measured:
    """WSGI middleware straight around Flask: sockets do not come this way."""

    def __init__(self, app: "WSGIApplication", metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        with self._metrics.request():
            return self._app(environ, start_response)


def _note_route() -> None:
    served = context.current()
    if served is not None:
        served.route = route(request)
