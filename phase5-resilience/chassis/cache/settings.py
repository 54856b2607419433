"""What the link to Redis is configured with."""

from pydantic import Field
from pydantic_settings import BaseSettings


class CacheSettings(BaseSettings):
    """Durations are in seconds."""

    cache_url: str = "redis://127.0.0.1:6379/0"
    cache_timeout: float = Field(default=0.1, gt=0, le=5)
    """How long a request waits for one command of Redis; it gives at most two."""
    cache_pause: float = Field(default=2.0, gt=0)
    """How long Redis is not asked after it has failed."""
