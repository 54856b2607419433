"""Access tokens: JSON Web Tokens that say by themselves who sends them (RFC 7519, RFC 9068)."""

import time

import jwt

from chassis.ids import new_id
from chat.auth.keys import Keys

ISSUER, AUDIENCE = "chat", "chat"
ALGORITHM = "ES256"


class AccessTokens:
    """Signs for one transaction: its key is fetched before that begins."""

    def __init__(self, keys: Keys) -> None:
        self._kid, self._key = keys.signer()

    def issue(self, user_id: str, login_id: str, role: str, ttl: int) -> str:
        """Return a token that is good for `ttl` seconds; times in it have fractions."""
        now = time.time()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": login_id,
            "roles": [role],
            "jti": new_id(),
            "iat": now,
            "nbf": now,
            "exp": now + ttl,
        }
        headers = {"kid": self._kid, "typ": "at+jwt"}
        return jwt.encode(claims, self._key, ALGORITHM, headers)
