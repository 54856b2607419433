"""HTTP for conversations and their members."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import Field, StringConstraints

from chassis import services
from chassis.errors import InvalidInput
from chassis.identity import Caller
from chassis.limits import BATCH_MAX, INTEGER_MAX
from chassis.requests import Body, Id, Name, PageQuery, body, login_required, query
from chat.conversations.limits import GROUP_NAME_MAX
from chat.conversations.members import MemberService
from chat.conversations.service import ConversationService
from events.timelines import Kind, Role

conversations = Blueprint("conversations", __name__, url_prefix="/api/v1/conversations")

GroupName = Annotated[Name, StringConstraints(min_length=1, max_length=GROUP_NAME_MAX)]
Ids = Annotated[list[Id], Field(max_length=BATCH_MAX)]


class NewConversation(Body):
    """`POST /conversations`."""

    kind: Kind
    name: GroupName = ""
    member_ids: Ids


class Rename(Body):
    """`PATCH /conversations/{id}`."""

    name: GroupName


class NewMembers(Body):
    """`POST /conversations/{id}/members`."""

    user_ids: Annotated[Ids, Field(min_length=1)]


class RoleChange(Body):
    """`PATCH /conversations/{id}/members/{user_id}`."""

    role: Role


class ReadUpTo(Body):
    """`PUT /conversations/{id}/read`."""

    seq: int = Field(ge=0, le=INTEGER_MAX)


@conversations.get("")
@login_required
def list_own(caller: Caller) -> Response:
    """List one's conversations, the liveliest first."""
    page = query(PageQuery)
    return jsonify(services.get(ConversationService).list_of(caller, page.limit, page.cursor))


@conversations.post("")
@login_required
def create(caller: Caller) -> tuple[Response, int]:
    """Begin a conversation; a direct one that exists is returned."""
    wanted = body(NewConversation)
    service = services.get(ConversationService)
    if wanted.kind == "direct":
        if wanted.name:
            raise InvalidInput("name", "a direct conversation has none")
        if len(wanted.member_ids) != 1:
            raise InvalidInput("member_ids", "must name the one other person")
        document, is_new = service.create_direct(caller, wanted.member_ids[0])
        return jsonify(document), 201 if is_new else 200
    if not wanted.name:
        raise InvalidInput("name", "a group needs one")
    return jsonify(service.create_group(caller, wanted.name, wanted.member_ids)), 201


@conversations.get("/<uuid:conversation_id>")
@login_required
def read_one(caller: Caller, conversation_id: UUID) -> Response:
    """Read one conversation."""
    return jsonify(services.get(ConversationService).get(caller, str(conversation_id)))


@conversations.patch("/<uuid:conversation_id>")
@login_required
def rename(caller: Caller, conversation_id: UUID) -> Response:
    """Rename a group."""
    return jsonify(
        services.get(ConversationService).rename(caller, str(conversation_id), body(Rename).name)
    )


@conversations.put("/<uuid:conversation_id>/read")
@login_required
def mark_read(caller: Caller, conversation_id: UUID) -> Response:
    """Move one's read marker."""
    return jsonify(
        services.get(ConversationService).mark_read(
            caller, str(conversation_id), body(ReadUpTo).seq
        )
    )


@conversations.get("/<uuid:conversation_id>/members")
@login_required
def list_members(caller: Caller, conversation_id: UUID) -> Response:
    """List the members in order of joining."""
    page = query(PageQuery)
    return jsonify(
        services.get(MemberService).list_of(caller, str(conversation_id), page.limit, page.cursor)
    )


@conversations.post("/<uuid:conversation_id>/members")
@login_required
def add_members(caller: Caller, conversation_id: UUID) -> Response:
    """Add people to a group."""
    wanted = body(NewMembers)
    return jsonify(
        items=services.get(MemberService).add(caller, str(conversation_id), wanted.user_ids)
    )


@conversations.patch("/<uuid:conversation_id>/members/<uuid:user_id>")
@login_required
def set_role(caller: Caller, conversation_id: UUID, user_id: UUID) -> Response:
    """Give a member another role."""
    role = body(RoleChange).role
    return jsonify(
        services.get(MemberService).set_role(caller, str(conversation_id), str(user_id), role)
    )


@conversations.delete("/<uuid:conversation_id>/members/<uuid:user_id>")
@login_required
def remove_member(caller: Caller, conversation_id: UUID, user_id: UUID) -> tuple[str, int]:
    """Remove a member, or leave."""
    services.get(MemberService).remove(caller, str(conversation_id), str(user_id))
    return "", 204
