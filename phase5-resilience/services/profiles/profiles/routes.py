"""HTTP for profiles."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chassis import services
from chassis.identity import Caller
from chassis.limits import BIO_MAX, DISPLAY_NAME_MAX
from chassis.requests import (
    Body,
    IdsQuery,
    Line,
    Name,
    PageQuery,
    Text,
    body,
    login_required,
    not_blank,
    query,
)
from profiles.service import ProfileService

profiles = Blueprint("profiles", __name__, url_prefix="/api/v1/profiles")


class ProfileEdit(Body):
    """`PATCH /profiles/me`; at least one field."""

    display_name: Annotated[Name, StringConstraints(min_length=1, max_length=DISPLAY_NAME_MAX)] = ""
    bio: Annotated[Text, StringConstraints(max_length=BIO_MAX)] = ""

    @model_validator(mode="after")
    def _something_to_do(self) -> "ProfileEdit":
        if not self.model_fields_set:
            raise ValueError("give display_name, bio or both")
        return self


class ProfileSearch(PageQuery):
    """`GET /profiles/search`."""

    q: Annotated[Line, Field(min_length=1, max_length=100), AfterValidator(not_blank)]


@profiles.get("")
@login_required
def read_batch(_caller: Caller) -> Response:
    """Read up to a hundred profiles."""
    return jsonify(items=services.get(ProfileService).get_many(query(IdsQuery).ids))


@profiles.get("/search")
@login_required
def search(_caller: Caller) -> Response:
    """Find people by name."""
    wanted = query(ProfileSearch)
    return jsonify(services.get(ProfileService).search(wanted.q, wanted.limit, wanted.cursor))


@profiles.get("/me")
@login_required
def read_own(caller: Caller) -> Response:
    """Read one's own profile."""
    return jsonify(services.get(ProfileService).get(caller.user_id))


@profiles.patch("/me")
@login_required
def edit_own(caller: Caller) -> Response:
    """Edit one's own profile."""
    given = body(ProfileEdit).model_dump(exclude_unset=True)
    return jsonify(
        services.get(ProfileService).edit(
            caller.user_id, given.get("display_name"), given.get("bio")
        )
    )


@profiles.get("/<uuid:user_id>")
@login_required
def read_one(_caller: Caller, user_id: UUID) -> Response:
    """Read somebody's profile."""
    return jsonify(services.get(ProfileService).get(str(user_id)))
