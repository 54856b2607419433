"""HTTP for other services: who is in which conversation, and what has changed in that."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import Field

from chassis import services
from chassis.database import Database
from chassis.limits import INTEGER_MAX
from chassis.requests import IdsQuery, Query, QueryInt, query
from chassis.service_tokens import Asker, scope_required
from chat.conversations.changes import PAGE, changes_after
from chat.conversations.membership import acquaintances, conversations_of

internal = Blueprint("internal_conversations", __name__)


class AfterEpoch(Query):
    """`GET /conversations/{conversation_id}/changes`."""

    after: Annotated[QueryInt, Field(ge=0, le=INTEGER_MAX)]


@internal.get("/conversations/<uuid:conversation_id>/changes")
@scope_required("memberships:read")
def read_changes(_asker: Asker, conversation_id: UUID) -> Response:
    """Give out the changes after an epoch; of a conversation that is not there, none."""
    with services.get(Database).read() as connection:
        found = changes_after(connection, str(conversation_id), query(AfterEpoch).after)
    return jsonify(items=found, has_more=len(found) == PAGE)


@internal.get("/people/<uuid:user_id>/conversations")
@scope_required("memberships:read")
def list_conversations(_asker: Asker, user_id: UUID) -> Response:
    """Tell in which conversations somebody is."""
    # From the primary: who asks hears of all changes that are to come, and of some of those before.
    with services.get(Database).read() as connection:
        return jsonify(conversation_ids=conversations_of(connection, str(user_id)))


@internal.get("/people/<uuid:user_id>/acquaintances")
@scope_required("memberships:read")
def list_acquaintances(_asker: Asker, user_id: UUID) -> Response:
    """Tell who of some people shares a conversation with somebody."""
    with services.get(Database).read() as connection:
        found = acquaintances(connection, str(user_id), query(IdsQuery).ids)
    return jsonify(user_ids=sorted(found))
