"""What the processes of profiles are configured with."""

from pydantic_settings import SettingsConfigDict

from chassis.cache.settings import CacheSettings
from chassis.messaging.settings import WorkerSettings
from chassis.settings import ServerSettings


class CacheWorkerSettings(WorkerSettings, CacheSettings):
    """Of a worker that has to do with the cache."""

    model_config = WorkerSettings.model_config


class Settings(WorkerSettings, ServerSettings, CacheSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    auth_url: str = "http://127.0.0.1:9001"
    """Where the auth service publishes the keys of service tokens."""
