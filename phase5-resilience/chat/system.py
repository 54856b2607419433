"""What the system says of itself: phase, capabilities, limits."""

from typing import Any

from flask import Blueprint, Response, jsonify

from chassis import limits
from chassis.buckets import Quotas
from chat.conversations import limits as conversations

VERSION = "0.1.0"

SYSTEM: dict[str, Any] = {
    "name": "chat",
    "phase": 5,
    "step": "5.3",
    "title": "Resilience",
    "version": VERSION,
    "capabilities": [
        "dead-letters",
        "degraded",
        "event-schemas",
        "jobs",
        "metrics",
        "moderation",
        "notifications",
        "rate-limits",
        "request-ids",
    ],
    "limits": {
        "password_min": limits.PASSWORD_MIN,
        "password_max": limits.PASSWORD_MAX,
        "display_name_max": limits.DISPLAY_NAME_MAX,
        "bio_max": limits.BIO_MAX,
        "group_name_max": conversations.GROUP_NAME_MAX,
        "group_members_max": conversations.GROUP_MEMBERS_MAX,
        "message_body_max": limits.MESSAGE_BODY_MAX,
        "reactions_max": limits.REACTIONS_MAX,
        "access_ttl_max": limits.ACCESS_TTL_MAX,
        "batch_max": limits.BATCH_MAX,
        "page_max": limits.PAGE_MAX,
        "request_body_max": limits.BODY_MAX,
    },
    "links": {"docs": "/api/docs/", "lesson": "/lesson"},
}

BUILD = {name: str(SYSTEM[name]) for name in ("phase", "step", "version")}


def system(quotas: Quotas, traces: str = "") -> Blueprint:
    """Return the routes that need no login. `traces` is a trace's page without its id, if any."""
    said = {**SYSTEM, **_with_traces(traces)} if traces else SYSTEM
    rate_limits = {"set": quotas.chosen, "policies": quotas.policies()}
    routes = Blueprint("system", __name__)

    @routes.get("/api/v1/system")
    def describe() -> Response:
        return jsonify({**said, "rate_limits": rate_limits})

    return routes


def _with_traces(page: str) -> dict[str, Any]:
    return {
        "capabilities": [*SYSTEM["capabilities"], "traces"],
        "links": {**SYSTEM["links"], "traces": page},
    }
