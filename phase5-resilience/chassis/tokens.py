"""Opaque random tokens: the bearer holds the token, the database its hash."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 of a token.

    Plain and fast is right here: a token has 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
