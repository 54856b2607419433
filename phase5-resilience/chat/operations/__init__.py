"""What those who run the system see: a dashboard, the metrics, the state; on a listener of its own.

Nobody reaches it by the public address, whatever a header or a gateway says. It needs no login for
that: compose.yaml publishes it on loopback alone.
"""

from pathlib import Path

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound

from chat.site import of_the_client

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
)


def add_dashboard(app: Flask, web: Path) -> None:
    """Add the dashboard to what is behind the second listener; `web` holds its style."""

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
