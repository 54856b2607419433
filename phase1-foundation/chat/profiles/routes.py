"""HTTP for profiles."""

from typing import Annotated, cast
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chassis.identity import caller
from chassis.requests import Body, IdsQuery, Line, Name, PageQuery, Text, body, not_blank, query
from chat.limits import BIO_MAX, DISPLAY_NAME_MAX
from chat.profiles.service import ProfileService

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


def _service() -> ProfileService:
    return cast(ProfileService, current_app.extensions["profiles"])


@profiles.get("")
def read_batch() -> Response:
    """Read up to a hundred profiles."""
    caller()
    return jsonify(items=_service().get_many(query(IdsQuery).ids))


@profiles.get("/search")
def search() -> Response:
    """Find people by name."""
    caller()
    wanted = query(ProfileSearch)
    return jsonify(_service().search(wanted.q, wanted.limit, wanted.cursor))


@profiles.get("/me")
def read_own() -> Response:
    """Read one's own profile."""
    return jsonify(_service().get(caller().user_id))


@profiles.patch("/me")
def edit_own() -> Response:
    """Edit one's own profile."""
    user_id = caller().user_id
    given = body(ProfileEdit).model_dump(exclude_unset=True)
    return jsonify(_service().edit(user_id, given.get("display_name"), given.get("bio")))


@profiles.get("/<uuid:user_id>")
def read_one(user_id: UUID) -> Response:
    """Read somebody's profile."""
    caller()
    return jsonify(_service().get(str(user_id)))
