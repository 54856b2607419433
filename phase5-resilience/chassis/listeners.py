"""Several applications in one process, each behind a listener of its own."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, jsonify

from chassis import context, problems
from chassis.health import Health
from chassis.limits import BODY_MAX
from chassis.metrics import RequestMetrics
from chassis.services import Services
from chassis.tracing import setup as tracing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def by_listener(
    everybody: "WSGIApplication", others: "Mapping[str, WSGIApplication]"
) -> "WSGIApplication":
    """Return an application that is one of `others` behind the listener on its address."""
    by_port = {bind.rpartition(":")[2]: app for bind, app in others.items() if bind}

    def dispatch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # gunicorn takes it from the socket that has accepted the connection; no header can set it.
        return by_port.get(environ["SERVER_PORT"], everybody)(environ, start_response)

    return dispatch


def make_operations(metrics: RequestMetrics, health: Health) -> Flask:
    """Return what those who run a service ask it: its numbers, and how it is doing."""
    app = Flask("operations", static_folder=None)
    problems.register(app)
    app.before_request(lambda: setattr(context.current(), "route", context.OPERATIONS))
    metrics.exporter.register_endpoint("/metrics", app)

    @app.get("/readyz")
    def is_ready() -> tuple[Response, int]:
        report, ready = health.report()
        return jsonify(report), 200 if ready else 503

    return app


def make_internal(metrics: RequestMetrics, found: Services, *routes: Blueprint) -> Flask:
    """Return what other services ask."""
    app = Flask("internal", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.extensions["services"] = found
    problems.register(app)
    metrics.count(app)
    tracing.follow(app)
    for one in routes:
        app.register_blueprint(one)
    return app
