"""HTTP for the auth service, and the event that comes to the same: somebody is new."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint
from pydantic import StringConstraints

from chassis import services
from chassis.database import Database
from chassis.limits import DISPLAY_NAME_MAX, USERNAME_PATTERN
from chassis.messaging.cloudevents import CloudEvent
from chassis.requests import Body, Name, body
from chassis.service_tokens import Asker, scope_required
from chassis.work import Work
from chat.profiles.service import create

internal = Blueprint("internal_profiles", __name__)


class NewProfile(Body):
    """`PUT /profiles/{user_id}`."""

    username: Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
    display_name: Annotated[Name, StringConstraints(min_length=1, max_length=DISPLAY_NAME_MAX)]


@internal.put("/profiles/<uuid:user_id>")
@scope_required("profiles:create")
def put_profile(_asker: Asker, user_id: UUID) -> tuple[str, int]:
    """Make the profile of somebody new; again changes nothing."""
    wanted = body(NewProfile)
    with services.get(Database).write() as work:
        create(work.connection, str(user_id), wanted.username, wanted.display_name)
    return "", 204


def registered(work: Work, event: CloudEvent) -> None:
    """Make the profile that the auth service could not ask for."""
    person = event["data"]
    name = person.get("display_name", person["username"])
    create(work.connection, person["user_id"], person["username"], name)
