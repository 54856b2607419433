"""HTTP for other services: profiles are made, handed out and taken away, and who exists is told."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, jsonify
from pydantic import Field, StringConstraints

from chassis import services
from chassis.limits import DISPLAY_NAME_MAX, USERNAME_PATTERN
from chassis.requests import Body, Id, IdsQuery, Name, Query, QueryInt, body, query
from chassis.service_tokens import Asker, scope_required
from profiles.service import ProfileService

internal = Blueprint("internal_profiles", __name__)
PAGE_MAX = 1000
Username = Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]


class NewProfile(Body):
    """`PUT /profiles/{user_id}`."""

    username: Username
    display_name: Annotated[Name, StringConstraints(min_length=1, max_length=DISPLAY_NAME_MAX)]


class NewName(Query):
    """`DELETE /profiles/{user_id}`."""

    username: Username


class After(Query):
    """`GET /people/all`; `after` is the last id of the page before."""

    after: Id | None = None
    limit: QueryInt = Field(PAGE_MAX, ge=1, le=PAGE_MAX)


@internal.put("/profiles/<uuid:user_id>")
@scope_required("profiles:create")
def put_profile(_asker: Asker, user_id: UUID) -> tuple[str, int]:
    """Make the profile of somebody new; again changes nothing."""
    wanted = body(NewProfile)
    services.get(ProfileService).create(str(user_id), wanted.username, wanted.display_name)
    return "", 204


@internal.get("/profiles/<uuid:user_id>")
@scope_required("profiles:read")
def export(_asker: Asker, user_id: UUID) -> Response:
    """Give out a profile, for its owner's export; none where it is still being made."""
    return jsonify(items=services.get(ProfileService).get_many([str(user_id)]))


@internal.delete("/profiles/<uuid:user_id>")
@scope_required("profiles:erase")
def erase(_asker: Asker, user_id: UUID) -> Response:
    """Leave a profile that is nobody's, under the name that the account has by now."""
    return jsonify(services.get(ProfileService).erase(str(user_id), query(NewName).username))


@internal.get("/people")
@scope_required("people:read")
def people(_asker: Asker) -> Response:
    """Tell who some are, for who is in doubt."""
    return jsonify(items=services.get(ProfileService).people(query(IdsQuery).ids))


@internal.get("/people/all")
@scope_required("people:read")
def everybody(_asker: Asker) -> Response:
    """Tell who everybody is, in pages."""
    wanted = query(After)
    found = services.get(ProfileService).people_after(wanted.after or "", wanted.limit)
    return jsonify(items=found)
