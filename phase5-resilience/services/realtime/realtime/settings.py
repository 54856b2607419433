"""What the realtime service is configured with."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.messaging.settings import BrokerSettings
from chassis.settings import ServerSettings


class RealtimeSettings(BaseSettings):
    """Durations are in seconds."""

    sockets_max: int = Field(default=2000, ge=0, le=20_000)
    ticket_ttl: int = Field(default=30, ge=1)
    realtime_push: bool = True
    """Whether sockets are told of events; without it clients find out by asking."""

    store_url: str = "redis://127.0.0.1:6379/0"
    """A Redis that all processes of this service share."""
    store_timeout: float = Field(default=0.5, gt=0, le=5)
    """How long it is waited for, and for a connection to it."""

    auth_url: str = "http://127.0.0.1:9001"
    """Where the auth service answers services."""
    memberships_url: str = "http://127.0.0.1:9001"
    """Where who knows the members of conversations does."""
    client_secret_file: Path = Path("/run/secrets/client-realtime")
    """What auth knows this service by."""


class Settings(BrokerSettings, ServerSettings, RealtimeSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)
