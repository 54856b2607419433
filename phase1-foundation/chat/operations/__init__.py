"""What those who run the system see: a dashboard, the metrics, the state. On a listener of its own.

Nobody reaches it by the public address, whatever a header or a gateway says: which listener took
the connection decides. It needs no login for that; compose.yaml publishes it on loopback only.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, send_from_directory

from chassis import context, problems
from chassis.json import FastJSONProvider
from chassis.metrics import RequestMetrics
from chat.health import Health

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FILES = Path(__file__).parent / "dashboard"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def make_operations(metrics: RequestMetrics, health: Health) -> Flask:
    """Return the application behind the second listener."""
    app = Flask(__name__, static_folder=None)
    app.json = FastJSONProvider(app)
    problems.register(app)
    app.before_request(_note_route)
    metrics.exporter.register_endpoint("/metrics", app)

    @app.get("/")
    @app.get("/<any('dashboard.css','main.js','exposition.js','history.js','draw.js'):name>")
    def dashboard(name: str = "index.html") -> Response:
        response = send_from_directory(FILES, name)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/healthz")
    def is_alive() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def is_ready() -> tuple[Response, int]:
        report, ready = health.report()
        return jsonify(report), 200 if ready else 503

    return app


class ByListener:
    """WSGI middleware: what came in by the listener on `bind` goes to `operations`, the rest on.

    gunicorn says which listener it was, from the socket; there is no header for SERVER_PORT.
    """

    def __init__(self, app: "WSGIApplication", operations: Flask, bind: str) -> None:
        self._app = app
        self._operations = operations
        self._port = bind.rpartition(":")[2]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        inside = self._port and environ["SERVER_PORT"] == self._port
        return (self._operations if inside else self._app)(environ, start_response)


def _note_route() -> None:
    served = context.current()
    if served is not None:
        served.route = "operations"
