"""What the system says of itself: phase, capabilities, limits, health."""

import threading

from flask import Blueprint, Response, jsonify

from chassis.database import Database
from chassis.errors import NotReady
from chassis.limits import BATCH_MAX, BODY_MAX, PAGE_MAX
from chassis.mode import Mode
from chat.auth import limits as accounts
from chat.conversations import limits as conversations
from chat.messages import limits as messages
from chat.profiles import limits as profiles

VERSION = "0.1.0"

SYSTEM = {
    "name": "chat",
    "phase": 1,
    "step": "1.1",
    "title": "Foundation",
    "version": VERSION,
    "capabilities": [],
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


def system(database: Database, stopping: threading.Event) -> Blueprint:
    """Return the routes that need no login. `stopping` is set once the process is told to stop."""
    routes = Blueprint("system", __name__)

    @routes.get("/api/v1/system")
    def describe() -> Response:
        return jsonify(SYSTEM)

    @routes.get("/healthz")
    def is_alive() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def is_ready() -> Response:
        if stopping.is_set():
            raise NotReady("This process is stopping.")
        if not database.is_alive():
            raise NotReady("The database does not answer.")
        if database.mode() is Mode.IMPORTING:
            raise NotReady("Data is being imported.")
        database.require_room()
        return jsonify(status="ready")

    return routes
