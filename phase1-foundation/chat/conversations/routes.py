"""HTTP for conversations and their members."""

from typing import Annotated, cast
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify
from pydantic import Field, StringConstraints

from chassis.errors import InvalidInput
from chassis.identity import caller
from chassis.requests import BATCH_MAX, INTEGER_MAX, Body, Id, Name, PageQuery, body, query
from chat.conversations.documents import Kind, Role
from chat.conversations.members import MemberService
from chat.conversations.service import ConversationService
from chat.limits import GROUP_NAME_MAX

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


def _conversations() -> ConversationService:
    return cast(ConversationService, current_app.extensions["conversations"])


def _members() -> MemberService:
    return cast(MemberService, current_app.extensions["members"])


@conversations.get("")
def list_own() -> Response:
    """List one's conversations, the liveliest first."""
    who = caller()
    page = query(PageQuery)
    return jsonify(_conversations().list_of(who, page.limit, page.cursor))


@conversations.post("")
def create() -> tuple[Response, int]:
    """Begin a conversation; a direct one that exists is returned."""
    who = caller()
    wanted = body(NewConversation)
    if wanted.kind == "direct":
        if wanted.name:
            raise InvalidInput("name", "a direct conversation has none")
        if len(wanted.member_ids) != 1:
            raise InvalidInput("member_ids", "must name the one other person")
        document, is_new = _conversations().create_direct(who, wanted.member_ids[0])
        return jsonify(document), 201 if is_new else 200
    if not wanted.name:
        raise InvalidInput("name", "a group needs one")
    return jsonify(_conversations().create_group(who, wanted.name, wanted.member_ids)), 201


@conversations.get("/<uuid:conversation_id>")
def read_one(conversation_id: UUID) -> Response:
    """Read one conversation."""
    return jsonify(_conversations().get(caller(), str(conversation_id)))


@conversations.patch("/<uuid:conversation_id>")
def rename(conversation_id: UUID) -> Response:
    """Rename a group."""
    who = caller()
    return jsonify(_conversations().rename(who, str(conversation_id), body(Rename).name))


@conversations.put("/<uuid:conversation_id>/read")
def mark_read(conversation_id: UUID) -> Response:
    """Move one's read marker."""
    who = caller()
    return jsonify(_conversations().mark_read(who, str(conversation_id), body(ReadUpTo).seq))


@conversations.get("/<uuid:conversation_id>/members")
def list_members(conversation_id: UUID) -> Response:
    """List the members in order of joining."""
    who = caller()
    page = query(PageQuery)
    return jsonify(_members().list_of(who, str(conversation_id), page.limit, page.cursor))


@conversations.post("/<uuid:conversation_id>/members")
def add_members(conversation_id: UUID) -> Response:
    """Add people to a group."""
    who = caller()
    wanted = body(NewMembers)
    return jsonify(items=_members().add(who, str(conversation_id), wanted.user_ids))


@conversations.patch("/<uuid:conversation_id>/members/<uuid:user_id>")
def set_role(conversation_id: UUID, user_id: UUID) -> Response:
    """Give a member another role."""
    who = caller()
    role = body(RoleChange).role
    return jsonify(_members().set_role(who, str(conversation_id), str(user_id), role))


@conversations.delete("/<uuid:conversation_id>/members/<uuid:user_id>")
def remove_member(conversation_id: UUID, user_id: UUID) -> tuple[str, int]:
    """Remove a member, or leave."""
    _members().remove(caller(), str(conversation_id), str(user_id))
    return "", 204
