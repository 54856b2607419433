"""HTTP for accounts and logins."""

from typing import Annotated

from flask import Blueprint, Response, jsonify, request
from pydantic import AfterValidator, Field, StringConstraints

from auth.keys import Keys
from auth.service import AuthService
from chassis import context, services, text
from chassis.identity import Caller
from chassis.limits import (
    ACCESS_TTL_MAX,
    DISPLAY_NAME_MAX,
    PASSWORD_MAX,
    PASSWORD_MIN,
    USERNAME_PATTERN,
)
from chassis.requests import Body, Exact, Name, Query, QueryInt, body, login_required, query

auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
published = Blueprint("published", __name__)
"""What gateway and services pull; on the listener that nobody outside can reach."""
published.before_request(lambda: setattr(context.current(), "route", context.OPERATIONS))

Username = Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
DisplayName = Annotated[Name, StringConstraints(min_length=1, max_length=DISPLAY_NAME_MAX)]


NewPassword = Annotated[
    Exact,
    AfterValidator(text.password),
    StringConstraints(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX),
]


def _not_too_long(password: str) -> str:
    if len(text.password(password)) > PASSWORD_MAX:
        raise ValueError(f"must have at most {PASSWORD_MAX} characters")
    return password


class Registration(Body):
    """`POST /auth/register`."""

    username: Username
    password: NewPassword
    display_name: DisplayName


class Credentials(Body):
    """`POST /auth/login`."""

    username: Exact = Field(min_length=1, max_length=64)
    password: Annotated[Exact, Field(min_length=1), AfterValidator(_not_too_long)]
    access_ttl: int = Field(default=ACCESS_TTL_MAX, ge=1, le=ACCESS_TTL_MAX)


class Refresh(Body):
    """`POST /auth/refresh`."""

    refresh_token: str = Field(min_length=1, max_length=512)


class Since(Query):
    """`?since=`."""

    since: QueryInt = Field(0, ge=0)


@auth.post("/register")
def register() -> tuple[Response, int]:
    """Create an account, logged in."""
    wanted = body(Registration)
    tokens = services.get(AuthService).register(
        wanted.username, wanted.password, wanted.display_name
    )
    return jsonify(tokens), 201


@auth.post("/login")
def log_in() -> Response:
    """Begin a login."""
    given = body(Credentials)
    return jsonify(
        services.get(AuthService).log_in(
            given.username, given.password, given.access_ttl, request.remote_addr or ""
        )
    )


@auth.post("/refresh")
def refresh() -> Response:
    """Exchange a refresh token for new tokens."""
    return jsonify(
        services.get(AuthService).refresh(body(Refresh).refresh_token, request.remote_addr or "")
    )


@auth.post("/logout")
@login_required
def log_out(caller: Caller) -> tuple[str, int]:
    """End this login."""
    services.get(AuthService).log_out(caller)
    return "", 204


@auth.post("/logout-all")
@login_required
def log_out_everywhere(caller: Caller) -> tuple[str, int]:
    """End every login of this person."""
    services.get(AuthService).log_out_everywhere(caller)
    return "", 204


@published.get("/.well-known/jwks.json")
def keys() -> Response:
    """Give out what access tokens are verified with (RFC 7517, 5)."""
    return jsonify(keys=services.get(Keys).published())


@published.get("/ended-logins")
def ended_logins() -> Response:
    """Tell which logins' tokens to refuse, of those that ended after `since` (milliseconds)."""
    ended, now = services.get(AuthService).ended_since(query(Since).since)
    return jsonify(now=now, ended=ended)
