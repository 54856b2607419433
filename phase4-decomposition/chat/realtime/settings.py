"""What the realtime domain is configured with."""

from pydantic import Field
from pydantic_settings import BaseSettings


class RealtimeSettings(BaseSettings):
    """Durations are in seconds."""

    sockets_max: int = Field(default=300, ge=0, le=5000)
    ticket_ttl: int = Field(default=30, ge=1)
    realtime_push: bool = True
    """Whether sockets are told of events; without it clients find out by asking."""
