"""HTTP for moderation; gateway/policy.conf says which role gets here."""

from typing import Annotated, Literal
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import StringConstraints

from chassis import services
from chassis.identity import Caller
from chassis.requests import Body, Id, Line, PageQuery, body, login_required, query
from chat.moderation.limits import REASON_MAX
from chat.moderation.service import ModerationService

moderation = Blueprint("moderation", __name__, url_prefix="/api/v1/moderation")

Reason = Annotated[Line, StringConstraints(min_length=1, max_length=REASON_MAX)]


class Removal(Body):
    """`POST /moderation/removals`."""

    conversation_id: Id
    message_id: Id
    reason: Reason


class Change(Body):
    """`PUT /moderation/suspensions/{user_id}`, and what ends one."""

    reason: Reason


class NewRole(Change):
    """`PUT /moderation/roles/{user_id}`."""

    role: Literal["member", "moderator", "admin"]


@moderation.post("/removals")
@login_required
def remove_message(caller: Caller) -> tuple[Response, int]:
    """Remove a message."""
    given = body(Removal)
    service = services.get(ModerationService)
    done = service.remove_message(caller, given.conversation_id, given.message_id, given.reason)
    return jsonify(done), 201


@moderation.put("/suspensions/<uuid:user_id>")
@login_required
def suspend(caller: Caller, user_id: UUID) -> Response:
    """Suspend an account."""
    service = services.get(ModerationService)
    return jsonify(service.suspend(caller, str(user_id), body(Change).reason))


@moderation.put("/restorations/<uuid:user_id>")
@login_required
def restore(caller: Caller, user_id: UUID) -> Response:
    """End a suspension."""
    service = services.get(ModerationService)
    return jsonify(service.restore(caller, str(user_id), body(Change).reason))


@moderation.put("/roles/<uuid:user_id>")
@login_required
def give_role(caller: Caller, user_id: UUID) -> Response:
    """Give a role."""
    given = body(NewRole)
    service = services.get(ModerationService)
    return jsonify(service.give_role(caller, str(user_id), given.role, given.reason))


@moderation.get("/actions")
@login_required
def trail(caller: Caller) -> Response:
    """Read what was done."""
    page = query(PageQuery)
    items, cursor = services.get(ModerationService).trail(caller, page.limit, page.cursor)
    return jsonify(items=items, next_cursor=cursor)
