"""Tokens between services (RFC 7519, as RFC 8725 asks): what one may do at another, for minutes.

They are of another kind than those of people, and each is for one audience: what somebody steals
from one service opens no other.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import jwt
from flask import request

from chassis import context, services
from chassis.calls import Calls
from chassis.errors import Forbidden, Unauthenticated
from chassis.identity import Caller
from chassis.resilience.kept import Fetched, Kept

ISSUER, ALGORITHM, KIND = "chat", "ES256", "service+jwt"
LIFE = 300
"""Seconds."""
EARLY, LAST = 30, 5
"""Seconds before its end from which on another one is sought, and it is not sent any more."""
CLIENT_CREDENTIALS = "client_credentials"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
IDENTITY_TYPE = "urn:chat:identity"
"""What the subject token of an exchange (RFC 8693) is: the gateway's signed word."""
LENGTH_MAX = 2048
LOOK_EVERY, FRESH = 1.0, 60.0
"""Seconds between two looks for a key that is not known, and after which all are read again."""
GOOD = FRESH + LIFE
"""Seconds for which a key is good that cannot be read again: what it has signed is over by then."""

Given = ParamSpec("Given")
Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class Asker:
    """Which service asks, and for whom; None: for itself."""

    service: str
    caller: Caller | None


class Keys(Protocol):
    """Who knows the keys that sign."""

    def public(self, kid: str) -> Any:
        """Return a key, None if there is none of this id."""


class PublishedKeys:
    """The keys that the auth service publishes, kept for a minute, or while it does not answer."""

    def __init__(self, auth: Calls) -> None:
        self._auth = auth
        self._keys = Kept("keys of service tokens", self._fetch)

    def public(self, kid: str) -> Any:
        """Return a key, None if there is none of this id. Errors: `NotReady`."""
        keys = self._keys.get()
        return (keys if kid in keys else self._keys.get(newer_than=LOOK_EVERY)).get(kid)

    def _fetch(self) -> Fetched[dict[str, Any]]:
        found = self._auth.call("GET", "/.well-known/jwks.json")["keys"]
        return Fetched({one["kid"]: jwt.PyJWK(one).key for one in found}, FRESH, GOOD)


class ServiceTokens:
    """Judges the tokens that come to the service `audience`."""

    def __init__(self, audience: str, keys: Keys) -> None:
        self._audience = audience
        self._keys = keys

    def asker(self, authorization: str, scope: str) -> Asker:
        """Return who asks. Errors: `Unauthenticated`; `Forbidden` without the scope."""
        claims = self._claims(authorization.removeprefix("Bearer "))
        if scope not in claims["scope"].split():
            raise Forbidden(f"This takes the scope {scope}.")
        if actor := claims.get("act"):
            person = Caller(claims["sub"], login_id="", roles=tuple(claims["roles"]))
            return Asker(actor["sub"], person)
        return Asker(claims["sub"], None)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(token),
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                leeway=1,
                options={"require": ["aud", "exp", "iat", "iss", "nbf", "scope", "sub"]},
            )
        except jwt.InvalidTokenError:
            raise Unauthenticated("Send a service token that is good here.") from None
        return claims

    def _key(self, token: str) -> Any:
        """Return the key that a token names, if it is one of this kind."""
        header = jwt.get_unverified_header(token) if len(token) <= LENGTH_MAX else {}
        key = self._keys.public(str(header.get("kid"))) if header.get("typ") == KIND else None
        if key is None:
            raise jwt.InvalidTokenError
        return key


def scope_required(
    scope: str,
) -> Callable[[Callable[Concatenate[Asker, Given], Reply]], Callable[Given, Reply]]:
    """Give a view who asks, if a service may ask it for this."""

    def decorate(view: Callable[Concatenate[Asker, Given], Reply]) -> Callable[Given, Reply]:
        @wraps(view)
        def with_asker(*args: Given.args, **kwargs: Given.kwargs) -> Reply:
            authorization = request.headers.get("Authorization", "")
            asker = services.get(ServiceTokens).asker(authorization, scope)
            context.bind(service=asker.service)
            if asker.caller is not None:
                context.bind(user_id=asker.caller.user_id)
            return view(asker, *args, **kwargs)

        return with_asker

    return decorate


def person_of(asker: Asker) -> Caller:
    """Return for whom a service asks; `Forbidden` where it asks for itself."""
    if asker.caller is None:
        raise Forbidden("This takes somebody for whom it is asked.")
    return asker.caller


class FetchedTokens:
    """Tokens from the auth service, which knows this one by a secret in a file."""

    def __init__(self, auth: Calls, client: str, secret: Path) -> None:
        self._auth = auth
        self._client = client
        self._secret = secret
        self._kept: dict[tuple[str, str], Kept[str]] = {}

    def token(self, audience: str, scope: str, identity: str = "") -> str:
        """Return a token; one that acts for a person is fetched each time, with their roles."""
        wanted = {"audience": audience, "scope": scope}
        if identity:
            exchanged = {"subject_token": identity, "subject_token_type": IDENTITY_TYPE}
            return self._fetch({"grant_type": TOKEN_EXCHANGE, **wanted, **exchanged})[0]
        return self._of(audience, scope).get()

    def forget(self, audience: str, scope: str) -> None:
        """Have the next one fetched."""
        self._of(audience, scope).forget()

    def _of(self, audience: str, scope: str) -> Kept[str]:
        def fetch() -> Fetched[str]:
            wanted = {"audience": audience, "scope": scope}
            token, life = self._fetch({"grant_type": CLIENT_CREDENTIALS, **wanted})
            return Fetched(token, life - EARLY, life - LAST)

        kept = Kept(f"a token for {audience}", fetch)
        return self._kept.setdefault((audience, scope), kept)

    def _fetch(self, fields: dict[str, str]) -> tuple[str, float]:
        # Read each time: a secret is replaced while this runs.
        known = f"{self._client}:{self._secret.read_text().split()[0]}"
        basic = f"Basic {base64.b64encode(known.encode()).decode()}"
        answer = self._auth.form("/token", fields, basic)
        return answer["access_token"], answer["expires_in"]
