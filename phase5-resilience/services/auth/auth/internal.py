"""HTTP for other services: tokens, and what they may ask of accounts with them."""

from typing import Annotated, Literal
from uuid import UUID

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from auth import of_person, roles
from auth.clients import Clients, Issuer
from auth.service import AuthService
from chassis import services
from chassis.database import Database
from chassis.errors import InvalidInput
from chassis.requests import Body, Exact, body
from chassis.service_tokens import (
    CLIENT_CREDENTIALS,
    IDENTITY_TYPE,
    LIFE,
    TOKEN_EXCHANGE,
    Asker,
    person_of,
    scope_required,
)

internal = Blueprint("internal", __name__)
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name


class NewRole(Body):
    """`PUT /accounts/{user_id}/role`."""

    role: Literal["member", "moderator", "admin"]


class Confirmation(Body):
    """`POST /me/confirmations`; `address` is where the person is."""

    password: Annotated[Exact, Field(min_length=1, max_length=1024)]
    address: str = Field(max_length=64)


@internal.post("/token")
def token() -> Response:
    """Give a service a token (RFC 6749, 4.4), or one that acts for a person (RFC 8693)."""
    client = services.get(Clients).client(request.headers.get("Authorization", ""))
    issuer, given = services.get(Issuer), request.form
    wanted = (client, given.get("audience", ""), given.get("scope", ""))
    kind = given.get("grant_type")
    if kind == CLIENT_CREDENTIALS:
        issued = issuer.token(*wanted)
    elif kind != TOKEN_EXCHANGE:
        raise InvalidInput("grant_type", f"must be {CLIENT_CREDENTIALS} or {TOKEN_EXCHANGE}")
    elif given.get("subject_token_type") != IDENTITY_TYPE:
        raise InvalidInput("subject_token_type", f"must be {IDENTITY_TYPE}")
    else:
        issued = issuer.exchange(*wanted, given.get("subject_token", ""))
    return jsonify(
        access_token=issued,
        issued_token_type=TOKEN_TYPE,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        expires_in=LIFE,
        scope=wanted[2],
    )


@internal.get("/me/roles/<any(member,moderator,admin):role>")
@scope_required("accounts:moderate")
def has_role(asker: Asker, role: str) -> tuple[str, int]:
    """Tell whether somebody has at least a role, as it is now."""
    with services.get(Database).read() as connection:
        roles.require(connection, person_of(asker), role)
    return "", 204


@internal.post("/me/confirmations")
@scope_required("accounts:confirm")
def confirm(asker: Asker) -> tuple[str, int]:
    """Tell whether a password is the person's."""
    given = body(Confirmation)
    services.get(AuthService).confirm(person_of(asker), given.password, given.address)
    return "", 204


@internal.put("/accounts/<uuid:user_id>/suspension")
@scope_required("accounts:moderate")
def suspend(asker: Asker, user_id: UUID) -> tuple[str, int]:
    """Suspend an account, in a moderator's name."""
    with services.get(Database).write() as work:
        roles.require(work.connection, person_of(asker), "moderator", over=str(user_id))
        roles.suspend(work, str(user_id))
    return "", 204


@internal.delete("/accounts/<uuid:user_id>/suspension")
@scope_required("accounts:moderate")
def restore(asker: Asker, user_id: UUID) -> tuple[str, int]:
    """End a suspension, in a moderator's name."""
    with services.get(Database).write() as work:
        roles.require(work.connection, person_of(asker), "moderator", over=str(user_id))
        roles.restore(work, str(user_id))
    return "", 204


@internal.put("/accounts/<uuid:user_id>/role")
@scope_required("accounts:moderate")
def give_role(asker: Asker, user_id: UUID) -> tuple[str, int]:
    """Give a role, in an admin's name."""
    wanted = body(NewRole).role
    with services.get(Database).write() as work:
        roles.require(work.connection, person_of(asker), "admin", over=str(user_id))
        roles.give(work, wanted, user_id=str(user_id))
    return "", 204


@internal.get("/accounts/<uuid:user_id>")
@scope_required("accounts:read")
def export(_asker: Asker, user_id: UUID) -> Response:
    """Give out what is known of somebody, for their own export."""
    with services.get(Database).read() as connection:
        account = of_person.account(connection, str(user_id))
        logins = of_person.logins(connection, str(user_id))
    return jsonify(account=account, logins=logins)


@internal.put("/accounts/<uuid:user_id>/closure")
@scope_required("accounts:close")
def close(_asker: Asker, user_id: UUID) -> tuple[str, int]:
    """Let nobody log in who has asked for the account's deletion."""
    with services.get(Database).write() as work:
        roles.suspend(work, str(user_id))
    return "", 204


@internal.delete("/accounts/<uuid:user_id>")
@scope_required("accounts:close")
def erase(_asker: Asker, user_id: UUID) -> Response:
    """Leave an account that is nobody's; tell what name it has now. Again gives another one."""
    with services.get(Database).write() as work:
        return jsonify(username=of_person.erase(work, str(user_id)))
