"""What the one process of this phase is configured with."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from chassis.settings import DatabaseSettings, ServerSettings
from chat.auth.settings import AuthSettings
from chat.realtime.settings import RealtimeSettings


class Settings(ServerSettings, DatabaseSettings, AuthSettings, RealtimeSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    web_dir: Path = Path("../common/web")
    contract_dir: Path = Path("../common/contract")

    @property
    def database_file(self) -> Path:
        """Return where the one database file lies."""
        return self.data_dir / "chat.sqlite3"
