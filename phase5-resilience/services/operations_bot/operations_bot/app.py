"""The WSGI application: Alertmanager's webhook, and what every service has."""

import hmac
import threading

import structlog
from flask import Blueprint, Flask, request

from chassis import problems, services
from chassis.calls import Pool, Transport
from chassis.errors import Unauthenticated
from chassis.health import Health, probes
from chassis.json import FastJSONProvider
from chassis.listeners import by_listener, make_operations
from chassis.metrics import RequestMetrics
from chassis.requests import body
from chassis.services import Services
from chassis.web import RequestEnvelope
from operations_bot.alerts import Notification
from operations_bot.conversation import Operations
from operations_bot.settings import Settings

BODY_MAX = 1024 * 1024
"""Bytes: a hundred alerts, with all that Alertmanager says of each."""

log = structlog.get_logger()
webhook = Blueprint("webhook", __name__)


class AlertsToken:
    """What Alertmanager and the bot both have."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    def check(self, shown: str) -> None:
        """Raise `Unauthenticated` for any other."""
        if not hmac.compare_digest(shown.encode(), self._expected):
            raise Unauthenticated("This is for Alertmanager.")


@webhook.post("/alerts")
def alerts() -> tuple[str, int]:
    """Post each alert. An error makes Alertmanager send all again; what was posted stays one."""
    services.get(AlertsToken).check(request.headers.get("Authorization", ""))
    for alert in body(Notification).alerts:
        log.info("alert", alert=alert.name, status=alert.status, labels=dict(alert.labels))
        services.get(Operations).post(alert.client_id, alert.text())
    return "", 204


def create_app(settings: Settings | None = None, chat: Transport | None = None) -> Flask:
    """Return the WSGI application, ready to serve."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, {"service": "operations-bot"})
    password = settings.bot_password_file.read_text().strip()
    found = Services()
    found.register(AlertsToken, AlertsToken(settings.alerts_token_file.read_text().strip()))
    operators = settings.operators.replace(",", " ").split()
    found.register(Operations, Operations(chat or Pool(settings.chat_url), password, operators))
    stopping = threading.Event()
    health = Health(None, stopping)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    app.extensions |= {"services": found, "stopping": stopping}
    problems.register(app)
    for blueprint in (webhook, probes(health)):
        app.register_blueprint(blueprint)
    behind = {settings.operations_bind: make_operations(metrics, health)}
    listeners = by_listener(app.wsgi_app, behind)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    return app
