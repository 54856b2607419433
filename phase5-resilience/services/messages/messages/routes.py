"""HTTP for messages."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, Field, StringConstraints

from chassis import services
from chassis.errors import InvalidInput
from chassis.identity import Caller
from chassis.limits import INTEGER_MAX, MESSAGE_BODY_MAX, PAGE_MAX
from chassis.requests import Body, Id, Query, QueryInt, Text, body, login_required, not_blank, query
from messages.emoji import known_emoji
from messages.limits import CLIENT_ID_PATTERN
from messages.service import MessageService

messages = Blueprint(
    "messages", __name__, url_prefix="/api/v1/conversations/<uuid:conversation_id>"
)


MessageText = Annotated[
    Text, StringConstraints(min_length=1, max_length=MESSAGE_BODY_MAX), AfterValidator(not_blank)
]
Limit = Annotated[QueryInt, Field(ge=1, le=PAGE_MAX)]
Counter = Annotated[QueryInt, Field(ge=0, le=INTEGER_MAX)]


class NewMessage(Body):
    """`POST /conversations/{id}/messages`."""

    client_id: Annotated[str, StringConstraints(pattern=CLIENT_ID_PATTERN)]
    body: MessageText
    reply_to: Id | None = None


class Edit(Body):
    """`PATCH /conversations/{id}/messages/{message_id}`."""

    body: MessageText


class HistoryQuery(Query):
    """`GET /conversations/{id}/messages`."""

    limit: Limit = 50
    before: Counter | None = None
    after: Counter | None = None


class ChangesQuery(Query):
    """`GET /conversations/{id}/changes`."""

    after: Counter
    limit: Limit = 50


def _one_emoji(text: str) -> str:
    emoji = known_emoji(text)
    if emoji is None:
        raise InvalidInput("emoji", "must be one emoji")
    return emoji


@messages.post("/messages")
@login_required
def send(caller: Caller, conversation_id: UUID) -> tuple[Response, int]:
    """Send a message; 200 instead of 201 for a resend."""
    new = body(NewMessage)
    message, is_new = services.get(MessageService).send(
        caller, str(conversation_id), new.client_id, new.body, new.reply_to
    )
    return jsonify(message), 201 if is_new else 200


@messages.get("/messages")
@login_required
def history(caller: Caller, conversation_id: UUID) -> Response:
    """Read a stretch of the timeline."""
    page = query(HistoryQuery)
    if page.before is not None and page.after is not None:
        raise InvalidInput("after", "give before or after, not both")
    return jsonify(
        services.get(MessageService).history(
            caller, str(conversation_id), page.limit, page.before, page.after
        )
    )


@messages.get("/changes")
@login_required
def changes(caller: Caller, conversation_id: UUID) -> Response:
    """Catch up."""
    wanted = query(ChangesQuery)
    return jsonify(
        services.get(MessageService).changes(
            caller, str(conversation_id), wanted.after, wanted.limit
        )
    )


@messages.get("/messages/<uuid:message_id>")
@login_required
def read_one(caller: Caller, conversation_id: UUID, message_id: UUID) -> Response:
    """Read one message."""
    return jsonify(services.get(MessageService).get(caller, str(conversation_id), str(message_id)))


@messages.patch("/messages/<uuid:message_id>")
@login_required
def edit(caller: Caller, conversation_id: UUID, message_id: UUID) -> Response:
    """Edit one's own message."""
    text = body(Edit).body
    return jsonify(
        services.get(MessageService).edit(caller, str(conversation_id), str(message_id), text)
    )


@messages.delete("/messages/<uuid:message_id>")
@login_required
def delete(caller: Caller, conversation_id: UUID, message_id: UUID) -> Response:
    """Delete a message; a tombstone stays."""
    return jsonify(
        services.get(MessageService).delete(caller, str(conversation_id), str(message_id))
    )


@messages.put("/messages/<uuid:message_id>/reactions/<emoji>")
@login_required
def react(caller: Caller, conversation_id: UUID, message_id: UUID, emoji: str) -> Response:
    """Add a reaction."""
    return jsonify(
        services.get(MessageService).react(
            caller, str(conversation_id), str(message_id), _one_emoji(emoji)
        )
    )


@messages.delete("/messages/<uuid:message_id>/reactions/<emoji>")
@login_required
def unreact(caller: Caller, conversation_id: UUID, message_id: UUID, emoji: str) -> Response:
    """Take a reaction back."""
    return jsonify(
        services.get(MessageService).unreact(
            caller, str(conversation_id), str(message_id), _one_emoji(emoji)
        )
    )
