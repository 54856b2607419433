"""What those who run the system see: a dashboard, the metrics, the state; on a listener of its own.

Nobody reaches it by the public address, whatever a header or a gateway says. It needs no login for
that: compose.yaml publishes it on loopback alone.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, send_from_directory
from werkzeug.exceptions import NotFound

from chassis import context, problems
from chassis.metrics import RequestMetrics
from chat.health import Health
from chat.site import of_the_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
)


def by_listener(
    everybody: "WSGIApplication", operations: "WSGIApplication", bind: str
) -> "WSGIApplication":
    """Return an application that is `operations` behind the listener on `bind`, or `everybody`."""
    port = bind.rpartition(":")[2]

    def dispatch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # gunicorn takes it from the socket that has accepted the connection; no header can set it.
        inside = port and environ["SERVER_PORT"] == port
        return (operations if inside else everybody)(environ, start_response)

    return dispatch


def make_operations(metrics: RequestMetrics, health: Health, web: Path) -> Flask:
    """Return the application behind the second listener; `web` holds the dashboard's style."""
    app = Flask(__name__, static_folder=None)
    problems.register(app)
    app.before_request(lambda: setattr(context.current(), "route", context.OPERATIONS))
    metrics.exporter.register_endpoint("/metrics", app)

    @app.get("/web/<path:name>")
    def client_file(name: str) -> Response:
        if not of_the_client(name):
            raise NotFound
        return send_from_directory(web.resolve(), name)

    @app.get("/", defaults={"name": "index.html"})
    @app.get("/<any('main.js'):name>")
    def dashboard(name: str) -> Response:
        response = send_from_directory(Path(__file__).parent, name)
        response.headers |= {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
        return response

    @app.get("/readyz")
    def is_ready() -> tuple[Response, int]:
        report, ready = health.report()
        return jsonify(report), 200 if ready else 503

    return app
