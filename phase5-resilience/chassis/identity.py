"""Who is calling, and how the gateway's word for it is judged."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from chassis.errors import Unauthenticated

LOGINS_ENDED = "logins.ended"
"""The event that tells the system itself that logins have ended: `{"login_ids": […]}`."""

HEADER = "X-Identity"
"""`v1.<claims>.<MAC>`: base64url of JSON, and of the HMAC-SHA256 of all that stands before it."""
LENGTH_MAX = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the login (one device, one browser) through which they speak."""

    user_id: str
    login_id: str
    roles: tuple[str, ...] = ()
    identity: str = field(default="", repr=False, compare=False)
    """The gateway's word for it: whoever acts for the person shows it."""


@with_config(extra="forbid", strict=True)
class Claims(TypedDict):
    """What the gateway has found in an access token; `exp` is in seconds since the epoch."""

    sub: str
    sid: str
    roles: list[str]
    exp: float


_CLAIMS = TypeAdapter(Claims)


class Identities:
    """Judges who somebody is said to be: only the gateway has the same secret.

    The gateway has verified the access token. This asks no database, and believes no network: who
    gets past the gateway can name anybody, but cannot sign for it.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def caller(self, identity: str) -> Caller:
        """Return who that is; `Unauthenticated` unless the gateway says so, and still does."""
        claims = self._claims(identity) if len(identity) <= LENGTH_MAX else None
        if claims is None or claims["exp"] <= time.time():
            raise Unauthenticated("Send an access token: `Authorization: Bearer …`.")
        return Caller(claims["sub"], claims["sid"], tuple(claims["roles"]), identity)

    def _claims(self, identity: str) -> Claims | None:
        said, _, mac = identity.rpartition(".")
        version, _, claims = said.partition(".")
        expected = hmac.digest(self._secret, said.encode(errors="replace"), hashlib.sha256)
        try:
            if version != "v1" or not hmac.compare_digest(expected, _decoded(mac)):
                return None
            return _CLAIMS.validate_json(_decoded(claims))
        except (ValueError, ValidationError):
            return None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
