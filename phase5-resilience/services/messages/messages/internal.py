"""HTTP for other services: epochs, how far timelines are, and what somebody has written."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import Field

from chassis import services
from chassis.database import Database
from chassis.errors import InvalidInput
from chassis.limits import BATCH_MAX, INTEGER_MAX
from chassis.requests import Body, Exact, Id, Query, QueryInt, body, query
from chassis.service_tokens import Asker, person_of, scope_required
from events.timelines import Action, Change, Described, Kind, Notice, Role, Standing
from messages import of_person
from messages.changing import remove
from messages.created import created_after
from messages.epochs import Epochs
from messages.timeline import standings

internal = Blueprint("internal", __name__)

PAGE = 200
AT_ONCE_MAX = 200
"""Messages that are erased in one transaction: whoever sends to the conversation waits for it."""
Number = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
QueryNumber = Annotated[QueryInt, Field(ge=0, le=INTEGER_MAX)]


class SaidNotice(Body):
    """The notice of an epoch."""

    action: Action
    user_ids: list[Id]
    name: Exact | None
    role: Role | None


class SaidConversation(Body):
    """What the conversation of an epoch is."""

    kind: Kind
    name: Exact | None
    created_by: Id


class Epoch(Body):
    """`PUT /timelines/{conversation_id}/epochs/{n}`."""

    epoch: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    actor_id: Id
    at: Number
    conversation: SaidConversation
    notice: SaidNotice

    def change(self) -> Change:
        """Return it as it was sent."""
        said, notice = self.conversation, self.notice
        return Change(
            epoch=self.epoch,
            actor_id=self.actor_id,
            at=self.at,
            conversation=Described(kind=said.kind, name=said.name, created_by=said.created_by),
            notice=Notice(
                action=notice.action,
                user_ids=notice.user_ids,
                name=notice.name,
                role=notice.role,
            ),
        )


class Which(Body):
    """`POST /standings`."""

    ids: Annotated[list[Id], Field(max_length=BATCH_MAX + 1)]


class Removal(Body):
    """`POST /removals`."""

    conversation_id: Id
    message_id: Id


class Erasure(Body):
    """`POST /people/{user_id}/erasure`."""

    conversation_id: Id
    at_most: Annotated[int, Field(ge=1, le=AT_ONCE_MAX)]


class AfterId(Query):
    """`GET /people/{user_id}/written-in`."""

    after: str = Field("", max_length=64)


class AfterSeq(Query):
    """`GET /people/{user_id}/conversations/{conversation_id}/texts`."""

    after: QueryNumber = 0


class AfterEmoji(AfterSeq):
    """`GET /people/{user_id}/conversations/{conversation_id}/reactions`."""

    emoji: str = Field("", max_length=64)


class AfterMessage(AfterId):
    """`GET /creations`: after the message of that conversation and seq."""

    seq: QueryNumber = 0


@internal.put("/timelines/<uuid:conversation_id>/epochs/<int:epoch>")
@scope_required("timelines:write")
def put_epoch(_asker: Asker, conversation_id: UUID, epoch: int) -> Response:
    """Bring an epoch in; again changes nothing. Tell how far the timeline is then."""
    given = body(Epoch)
    if given.epoch != epoch:
        raise InvalidInput("epoch", "must be the one of the address")
    services.get(Epochs).bring(str(conversation_id), given.change())
    return jsonify(_standings([str(conversation_id)])[0])


@internal.post("/standings")
@scope_required("timelines:read")
def read_standings(_asker: Asker) -> Response:
    """Tell how far timelines are."""
    return jsonify(items=_standings(body(Which).ids))


@internal.post("/removals")
@scope_required("messages:moderate")
def moderate(asker: Asker) -> Response:
    """Leave a tombstone in a moderator's name; tell who had sent the message."""
    person_of(asker)  # whose role auth has looked at
    given = body(Removal)
    with services.get(Database).write() as work:
        return jsonify(sender_id=remove(work, given.conversation_id, given.message_id))


@internal.get("/people/<uuid:user_id>/written-in")
@scope_required("written:read")
def written_in(_asker: Asker, user_id: UUID) -> Response:
    """Tell where somebody has sent or reacted, some conversations at a time."""
    with services.get(Database).read() as connection:
        return jsonify(of_person.written_in(connection, str(user_id), query(AfterId).after))


@internal.get("/people/<uuid:user_id>/conversations/<uuid:conversation_id>/texts")
@scope_required("written:read")
def texts(_asker: Asker, user_id: UUID, conversation_id: UUID) -> Response:
    """Give out what somebody has sent to a conversation."""
    who = {"user_id": str(user_id), "conversation_id": str(conversation_id)}
    with services.get(Database).read() as connection:
        found = of_person.texts_after(connection, query(AfterSeq).after, PAGE, **who)
    return jsonify(items=found, is_last=len(found) < PAGE)


@internal.get("/people/<uuid:user_id>/conversations/<uuid:conversation_id>/reactions")
@scope_required("written:read")
def reactions(_asker: Asker, user_id: UUID, conversation_id: UUID) -> Response:
    """Give out somebody's emoji in a conversation."""
    who = {"user_id": str(user_id), "conversation_id": str(conversation_id)}
    place = query(AfterEmoji)
    after = (place.after, place.emoji)
    with services.get(Database).read() as connection:
        found = of_person.reactions_after(connection, after, PAGE, **who)
    return jsonify(items=found, is_last=len(found) < PAGE)


@internal.post("/people/<uuid:user_id>/erasure")
@scope_required("written:erase")
def erase(_asker: Asker, user_id: UUID) -> Response:
    """Take some of it away; tell how much there was. With nothing left, nothing changes."""
    given = body(Erasure)
    with services.get(Database).write() as work:
        erased = of_person.erase(work, str(user_id), given.conversation_id, given.at_most)
    return jsonify(erased=erased)


@internal.get("/creations")
@scope_required("timelines:read")
def creations(_asker: Asker) -> Response:
    """Give out when messages were created, conversation by conversation."""
    place = query(AfterMessage)
    with services.get(Database).read() as connection:
        return jsonify(items=created_after(connection, place.after, place.seq))


def _standings(conversation_ids: list[str]) -> list[Standing]:
    with services.get(Database).read() as connection:
        return standings(connection, conversation_ids)
