"""Access tokens: JSON Web Tokens that say by themselves who sends them (RFC 7519, RFC 9068)."""

import secrets
import time

import jwt
from sqlalchemy import Connection

from chat.auth.keys import Keys
from chat.auth.models import Account, Login

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
