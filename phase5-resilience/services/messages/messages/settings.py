"""What the messages service is configured with."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.cache.settings import CacheSettings
from chassis.messaging.settings import WorkerSettings
from chassis.settings import ServerSettings


class NeighbourSettings(BaseSettings):
    """Which services it asks, and how they know it."""

    auth_url: str = "http://127.0.0.1:9001"
    conversations_url: str = "http://127.0.0.1:9001"
    """Where who has conversations answers services."""
    client_secret_file: Path = Path("/run/secrets/client-messages")


class ConsumerSettings(WorkerSettings, NeighbourSettings):
    """Of the process that hears of memberships."""

    model_config = WorkerSettings.model_config


class Settings(WorkerSettings, ServerSettings, CacheSettings, NeighbourSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)
