"""What the system says of itself: phase, capabilities, limits, health."""

from flask import Blueprint, Response, jsonify

from chassis.buckets import Quotas
from chassis.limits import BATCH_MAX, BODY_MAX, PAGE_MAX
from chat.auth import limits as accounts
from chat.conversations import limits as conversations
from chat.health import Health
from chat.messages import limits as messages
from chat.profiles import limits as profiles

VERSION = "0.1.0"

SYSTEM = {
    "name": "chat",
    "phase": 4,
    "step": "4.1",
    "title": "Decomposition",
    "version": VERSION,
    "capabilities": [
        "dead-letters",
        "event-schemas",
        "jobs",
        "metrics",
        "moderation",
        "notifications",
        "rate-limits",
        "request-ids",
    ],
    "limits": {
        "password_min": accounts.PASSWORD_MIN,
        "password_max": accounts.PASSWORD_MAX,
        "display_name_max": profiles.DISPLAY_NAME_MAX,
        "bio_max": profiles.BIO_MAX,
        "group_name_max": conversations.GROUP_NAME_MAX,
        "group_members_max": conversations.GROUP_MEMBERS_MAX,
        "message_body_max": messages.MESSAGE_BODY_MAX,
        "reactions_max": messages.REACTIONS_MAX,
        "access_ttl_max": accounts.ACCESS_TTL_MAX,
        "batch_max": BATCH_MAX,
        "page_max": PAGE_MAX,
        "request_body_max": BODY_MAX,
    },
    "links": {"docs": "/api/docs/", "lesson": "/lesson"},
}

BUILD = {name: str(SYSTEM[name]) for name in ("phase", "step", "version")}


def system(health: Health, quotas: Quotas) -> Blueprint:
    """Return the routes that need no login."""
    rate_limits = {"set": quotas.chosen, "policies": quotas.policies()}
    routes = Blueprint("system", __name__)

    @routes.get("/api/v1/system")
    def describe() -> Response:
        return jsonify({**SYSTEM, "rate_limits": rate_limits})

    @routes.get("/healthz")
    def is_alive() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def is_ready() -> Response:
        health.require_ready()
        return jsonify(status="ready")

    return routes
