"""What processes that have to do with the broker are configured with. Durations are in seconds."""

from pathlib import Path

from pika import PlainCredentials, URLParameters
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import DatabaseSettings
from chassis.tracing.settings import TracingSettings


class OutboxSettings(BaseSettings):
    """How much the outbox may hold."""

    outbox_max: int = Field(default=200_000, ge=1)
    """About how many events may wait for the broker; beyond that no change is taken."""
    events_held_back: str = ""
    """Versions that are still written, though there are newer: `conversation.message.created.v1`,
    until every reader is rolled. With commas between."""
    outbox_keep: float = Field(default=300.0, ge=0)
    """How long an event that was published can still be looked at."""


class BrokerSettings(BaseSettings):
    """Where the broker is."""

    broker_url: str = "amqp://127.0.0.1:5672/%2F"
    broker_user: str = "chat"
    broker_password_file: Path | None = None
    subscribers_off: str = ""
    """Queues whose consumers are switched off, with commas between: they are deleted. Switched on
    again, a consumer hears of what happens from then on. The same for all processes."""
    broker_heartbeat: int = Field(default=10, ge=1)
    """After twice that without a word either side takes the other for gone."""

    def parameters(self, name: str) -> URLParameters:
        """Return how to connect; the broker's pages show `name`."""
        parameters = URLParameters(self.broker_url)
        if self.broker_password_file is not None:
            password = self.broker_password_file.read_text().strip()
            parameters.credentials = PlainCredentials(self.broker_user, password)
        parameters.heartbeat = self.broker_heartbeat
        parameters.socket_timeout = parameters.stack_timeout = 5
        parameters.client_properties = {"connection_name": name}
        return parameters


class WorkerSettings(DatabaseSettings, OutboxSettings, BrokerSettings, TracingSettings):
    """Of those that answer nobody. Each field is the environment variable CHAT_<NAME>, here too."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    log_level: str = "INFO"

    def libpq_address(self) -> str:
        """Return where the primary is, with the password, as libpq takes it."""
        address = self.address(self.database_url).set(drivername="postgresql")
        return address.render_as_string(hide_password=False)
