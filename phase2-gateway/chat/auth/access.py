"""Access tokens: JSON Web Tokens that say by themselves who sends them (RFC 7519, RFC 9068)."""

import secrets
import time

import jwt

from chat.auth.keys import Keys

ISSUER, AUDIENCE = "chat", "chat"
ALGORITHM = "ES256"


class AccessTokens:
    """Signs for one transaction: its key is fetched before that begins."""

    def __init__(self, keys: Keys) -> None:
        self._kid, self._key = keys.signer()

    def issue(self, user_id: str, login_id: str, role: str, ttl: int) -> str:
        """Return a token that is good for `ttl` seconds; times in it have fractions."""
        now = round(time.time(), 3)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": login_id,
            "roles": [role],
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "nbf": now,
            "exp": round(now + ttl, 3),
        }
        headers = {"kid": self._kid, "typ": "at+jwt"}
        return jwt.encode(claims, self._key, ALGORITHM, headers)
