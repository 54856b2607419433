"""What the processes of this phase are configured with."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from chassis.cache.settings import CacheSettings
from chassis.messaging.settings import BrokerSettings, OutboxSettings
from chassis.settings import DatabaseSettings, ServerSettings
from chat.auth.settings import AuthSettings
from chat.realtime.settings import RealtimeSettings


class WorkerSettings(DatabaseSettings, OutboxSettings, BrokerSettings):
    """Of those that answer nobody. Each field is the environment variable CHAT_<NAME>, here too."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    log_level: str = "INFO"


class Settings(
    ServerSettings, DatabaseSettings, OutboxSettings, CacheSettings, AuthSettings, RealtimeSettings
):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    web_dir: Path = Path("../common/web")
