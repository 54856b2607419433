"""Tokens, JSON Web Tokens (RFC 7519): of people (RFC 9068), and of services among each other."""

import secrets
import time
from typing import Any

import jwt
from sqlalchemy import Connection

from auth.keys import Keys
from auth.models import Account, Login
from chassis.service_tokens import KIND, LIFE

ISSUER, AUDIENCE = "chat", "chat"
ALGORITHM = "ES256"


def issue(keys: Keys, connection: Connection, account: Account, login: Login) -> str:
    """Return a token that is good for the login's `access_ttl`; times in it have fractions."""
    kid, key = keys.signer(connection)
    now = round(time.time(), 3)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": account.id,
        "sid": login.id,
        "roles": [account.role],
        "jti": secrets.token_urlsafe(12),
        "iat": now,
        "nbf": now,
        "exp": round(now + login.access_ttl, 3),
    }
    return jwt.encode(claims, key, ALGORITHM, {"kid": kid, "typ": "at+jwt"})


def issue_to_service(
    keys: Keys,
    connection: Connection,
    client: str,
    audience: str,
    scope: str,
    account: Account | None = None,
) -> str:
    """Return a token of the service `client`; with an account one that acts for it (RFC 8693)."""
    kid, key = keys.signer(connection)
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": audience,
        "sub": client,
        "scope": scope,
        "jti": secrets.token_urlsafe(12),
        "iat": now,
        "nbf": now,
        "exp": now + LIFE,
    }
    if account is not None:
        claims |= {"sub": account.id, "roles": [account.role], "act": {"sub": client}}
    return jwt.encode(claims, key, ALGORITHM, {"kid": kid, "typ": KIND})
