"""What the system says of itself: phase, capabilities, limits, health."""

from flask import Blueprint, Response, jsonify

from chassis.requests import BATCH_MAX, BODY_MAX, PAGE_MAX
from chat import limits
from chat.health import Health

VERSION = "0.1.0"

SYSTEM = {
    "name": "chat",
    "phase": 1,
    "step": "1.2",
    "title": "Foundation",
    "version": VERSION,
    "capabilities": ["metrics", "request-ids"],
    "limits": {
        "password_min": limits.PASSWORD_MIN,
        "password_max": limits.PASSWORD_MAX,
        "display_name_max": limits.DISPLAY_NAME_MAX,
        "bio_max": limits.BIO_MAX,
        "group_name_max": limits.GROUP_NAME_MAX,
        "group_members_max": limits.GROUP_MEMBERS_MAX,
        "message_body_max": limits.MESSAGE_BODY_MAX,
        "reactions_max": limits.REACTIONS_MAX,
        "access_ttl_max": limits.ACCESS_TTL_MAX,
        "batch_max": BATCH_MAX,
        "page_max": PAGE_MAX,
        "request_body_max": BODY_MAX,
    },
    "links": {"docs": "/api/docs/", "lesson": "/lesson"},
}

BUILD = {name: str(SYSTEM[name]) for name in ("phase", "step", "version")}


def system(health: Health) -> Blueprint:
    """Return the routes that need no login."""
    routes = Blueprint("system", __name__)

    @routes.get("/api/v1/system")
    def describe() -> Response:
        return jsonify(SYSTEM)

    @routes.get("/healthz")
    def is_alive() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def is_ready() -> Response:
        health.require_ready()
        return jsonify(status="ready")

    return routes
