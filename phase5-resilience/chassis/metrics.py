"""What one process counts and times of its requests, for whoever comes and asks.

Inner layers know nothing of it: they book to the request's context, as they do for Server-Timing,
and that is taken over when the request ends. Every label has a bounded set of values.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

from flask import Flask, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_flask_exporter import PrometheusMetrics
from sqlalchemy import Connection, QueuePool

from chassis import context
from chassis.context import RequestContext
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.messaging.outbox import oldest, waiting
from chassis.resilience.report import BreakerStates
from chassis.resilience.shedding import Limit

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""The upper bounds of the buckets: a quantile lies somewhere inside of one."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each series


class RequestMetrics:
    """The registry of one application, and what is in it of every request."""

    def __init__(self, app: Flask, build: Mapping[str, str]) -> None:
        self.registry = CollectorRegistry()
        self.exporter = PrometheusMetrics(
            app,
            path=None,  # never on the listener that everybody reaches
            export_defaults=False,  # they keep a series for each method that a caller invents
            registry=self.registry,
        )
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, buckets=SECONDS, registry=self.registry)
        Info("chat_build", "Which system this is.", registry=self.registry).info(dict(build))
        ProcessCollector(registry=self.registry)
        self.registry.register(BreakerStates())
        self._requests = histogram(
            "chat_http_request_duration_seconds",
            "Time of a request.",
            ["method", "route", "status"],
        )
        self._statements = counter("chat_database_statements_total", "Statements executed.")
        self._database = histogram(
            "chat_database_seconds", "Time of a request in the database, commits included."
        )
        self._waits = histogram(
            "chat_wait_seconds", "Time of a request in a queue of ours.", ["resource"]
        )
        self._counts = {
            "cache": counter(
                "chat_cache_documents_total", "Documents sought in the cache.", ["kind", "outcome"]
            ),
            "read": counter(
                "chat_database_reads_total", "Reads, by the server they went to.", ["target"]
            ),
            "problem": counter("chat_problems_total", "Problem documents sent.", ["type"]),
            "refused": counter(
                "chat_breaker_refused_total",
                "Calls that were not made.",
                ["dependency", "why"],
            ),
            "degraded": counter(
                "chat_degraded_total", "Answers that say that a part of them is not new.", ["part"]
            ),
        }
        self._in_flight = Gauge(
            "chat_http_requests_in_flight", "Requests being worked on.", registry=self.registry
        )
        self.count(app)

    def count(self, app: Flask) -> None:
        """Count the requests of an application; several stand behind listeners of their own."""
        app.before_request(self._begin)
        app.teardown_request(self._end)

    def watch(self, name: str, says: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when somebody asks."""
        Gauge(name, says, registry=self.registry).set_function(read)

    def observe(self, served: RequestContext) -> None:
        """Take over what was booked to a request, or to an event of a socket."""
        if served.route == context.OPERATIONS:
            return
        if served.status:
            labels = (served.method, served.route, str(served.status))
            self._requests.labels(*labels).observe(served.elapsed_ms() / 1000)
        databases = [served.spans[name] for name in ("db", "replica") if name in served.spans]
        if databases:
            self._statements.inc(sum(one.count for one in databases))
            self._database.observe(sum(one.ms for one in databases) / 1000)
        for resource, seconds in served.waits.items():
            self._waits.labels(resource).observe(seconds)
        for (name, *values), count in served.counts.items():
            self._counts[name].labels(*values).inc(count)

    def watch_limit(self, limit: Limit) -> None:
        """Add how many requests are let in."""
        says = "Requests that are worked on at once, at the most."
        self.watch("chat_concurrency_limit", says, lambda: limit.present)

    def watch_pool(self, pool: QueuePool) -> None:
        """Add how many connections to the database there are."""
        most, used = "chat_database_connections_max", "chat_database_connections_in_use"
        self.watch(most, "Connections that the pool may hold.", pool.size)
        self.watch(used, "Connections in use now.", pool.checkedout)

    def watch_outbox(self, database: Database) -> None:
        """Add how many events wait, and for how long; NaN while the database does not answer."""

        def asked(question: Callable[[Connection], float]) -> float:
            try:
                with database.read() as connection:
                    return question(connection)
            except Unavailable:
                return math.nan

        says = "Events that no broker has yet; NaN while the database does not answer."
        self.watch("chat_outbox_waiting", says, partial(asked, waiting))
        says = "For how long the oldest of them has waited."
        self.watch("chat_outbox_oldest_seconds", says, partial(asked, oldest))

    def _begin(self) -> None:
        self._in_flight.inc()
        g.in_flight = True
        served = context.current()
        if served and request.url_rule:  # all paths that nobody knows share one name
            served.route = request.url_rule.rule

    def _end(self, _error: BaseException | None) -> None:
        if g.pop("in_flight", False):  # an event of a socket ends here too, and has not begun there
            self._in_flight.dec()
