"""What the auth domain is configured with."""

from pydantic import Field
from pydantic_settings import BaseSettings


class AuthSettings(BaseSettings):
    """Durations are in seconds."""

    hashes_at_once: int = Field(default=2, ge=1)
    """Password hashes computed at the same time; each takes 19 MiB and a core."""
    hash_wait: float = Field(default=3.0, ge=0)

    refresh_ttl: int = Field(default=30 * 24 * 3600, ge=1)
    refresh_grace: int = Field(default=30, ge=0)
    """How long the predecessor of an unused refresh token still works."""
