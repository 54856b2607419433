"""What the processes of this phase are configured with."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.cache.settings import CacheSettings
from chassis.messaging.settings import WorkerSettings
from chassis.settings import ServerSettings


class ClientSettings(BaseSettings):
    """What the monolith knows of other services."""

    auth_url: str = "http://127.0.0.1:9001"
    profiles_url: str = "http://127.0.0.1:9001"
    messages_url: str = "http://127.0.0.1:9001"
    """Where they answer services."""
    auth_for_people_url: str = "http://127.0.0.1:8000"
    """Where auth answers people: for those whom the gateway still leads here."""
    client_secret_file: Path = Path("/run/secrets/client-chat")
    """What auth knows the monolith by."""


class PeopleSettings(WorkerSettings, ClientSettings):
    """Of the process that hears of people."""

    model_config = WorkerSettings.model_config


class ListsSettings(WorkerSettings, ClientSettings):
    """Of the process that keeps lists up to date."""

    model_config = WorkerSettings.model_config


class JobSettings(WorkerSettings, CacheSettings, ClientSettings):
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
    site_url: str = "http://127.0.0.1:8005"
    """Where mails lead to."""


class Settings(WorkerSettings, ServerSettings, CacheSettings, ClientSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    web_dir: Path = Path("../common/web")
    traces_page: str = ""
    """All of a trace's page but the trace's id, as a browser reaches it."""
