"""Who is calling: the bearer token of a request, judged by whoever the application appointed."""

from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app, request

from chassis import context
from chassis.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the login (one device, one browser) through which they speak."""

    user_id: str
    login_id: str


class Authenticator(Protocol):
    """Judges access tokens."""

    def authenticate(self, access_token: str) -> Caller:
        """Return whose token this is, or raise `Unauthenticated`."""


def caller() -> Caller:
    """Return who sent the current request; raise `Unauthenticated` when nobody did validly."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send an access token: `Authorization: Bearer …`.")
    authenticator = cast(Authenticator, current_app.extensions["authenticator"])
    known = authenticator.authenticate(token.strip())
    context.bind(user_id=known.user_id)
    return known
