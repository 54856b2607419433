"""What the processes of this phase are configured with."""

from pathlib import Path

from pydantic import Field
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

    def libpq_address(self) -> str:
        """Return where the primary is, with the password, as libpq takes it."""
        address = self.address(self.database_url).set(drivername="postgresql")
        return address.render_as_string(hide_password=False)


class CacheWorkerSettings(WorkerSettings, CacheSettings):
    """Of a worker that has to do with the cache."""

    model_config = WorkerSettings.model_config


class JobSettings(CacheWorkerSettings):
    """Of the process that exports and deletes accounts. Durations are in seconds."""

    model_config = WorkerSettings.model_config

    export_keep: float = Field(default=24 * 3600, gt=0)
    """How long an export can be downloaded."""


class MailSettings(WorkerSettings):
    """Of those that notify people."""

    digest_after: float = Field(default=900.0, ge=0)
    """Seconds that a notification waits to be read before there is a mail."""
    smtp: str = "127.0.0.1:25"
    mail_from: str = "chat@chat.example"
    site_url: str = "http://127.0.0.1:8004"
    """Where mails lead to."""


class Settings(WorkerSettings, ServerSettings, CacheSettings, AuthSettings, RealtimeSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    web_dir: Path = Path("../common/web")
