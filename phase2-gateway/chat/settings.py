"""What the one process of this phase is configured with."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from chassis.cache.settings import CacheSettings
from chassis.settings import DatabaseSettings, ServerSettings
from chat.auth.settings import AuthSettings
from chat.realtime.settings import RealtimeSettings


class Settings(ServerSettings, DatabaseSettings, CacheSettings, AuthSettings, RealtimeSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    web_dir: Path = Path("../common/web")
