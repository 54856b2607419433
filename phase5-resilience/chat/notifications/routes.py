"""HTTP for notifications."""

from typing import Literal, cast

from flask import Blueprint, Response, jsonify

from chassis import services
from chassis.identity import Caller
from chassis.requests import Body, Id, PageQuery, body, login_required, query
from chat.notifications.limits import Address
from chat.notifications.service import NotificationService, Preferences

notifications = Blueprint("notifications", __name__, url_prefix="/api/v1/notifications")


class NotificationsQuery(PageQuery):
    """`GET /notifications`."""

    unread: Literal["true", "false"] = "false"


class ReadUpTo(Body):
    """`POST /notifications/read`."""

    up_to: Id


class NewPreferences(Body):
    """`PUT /notifications/preferences`."""

    mentions: bool
    direct: bool
    digest: bool
    email: Address


@notifications.get("")
@login_required
def read_list(caller: Caller) -> Response:
    """Read a page of one's notifications."""
    page = query(NotificationsQuery)
    service = services.get(NotificationService)
    unread = page.unread == "true"
    return jsonify(service.list_of(caller, page.limit, page.cursor, unread=unread))


@notifications.post("/read")
@login_required
def mark_as_read(caller: Caller) -> tuple[str, int]:
    """Mark notifications as read."""
    services.get(NotificationService).mark_read(caller, body(ReadUpTo).up_to)
    return "", 204


@notifications.get("/preferences")
@login_required
def read_preferences(caller: Caller) -> Response:
    """Read one's preferences."""
    return jsonify(services.get(NotificationService).preferences(caller))


@notifications.put("/preferences")
@login_required
def replace_preferences(caller: Caller) -> Response:
    """Replace one's preferences."""
    wishes = cast(Preferences, body(NewPreferences).model_dump())
    services.get(NotificationService).prefer(caller, wishes)
    return jsonify(wishes)
