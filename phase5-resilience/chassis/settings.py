"""The configuration of one process, read once from the environment.

Each part of the system says what it has to know; a process puts together the parts that it runs.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, PostgresDsn
from pydantic_settings import BaseSettings, NoDecode
from sqlalchemy import URL, make_url

from chassis.buckets import Set
from chassis.tracing.settings import TracingSettings


def _separated(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


class ServerSettings(TracingSettings):
    """What a process that answers HTTP has to know. Durations are in seconds."""

    bind: str = "127.0.0.1:8000"
    operations_bind: str = ""
    """Where metrics and the dashboard are, and nothing else; empty is nowhere."""
    internal_bind: str = ""
    """Where other services ask; empty is nowhere. Never behind the gateway."""
    log_level: str = "INFO"

    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_separated)
    ] = ()
    """Whose word counts for the address that people see, such as `10.0.0.5, fd00::/8`."""

    identity_secret_file: Path = Path("/run/secrets/identity-secret")
    """What the gateway signs with who is calling. Without it nobody could be believed."""

    limits: Set = "real"
    """How much larger the limits are than limits.json declares."""
    limits_file: Path = Path(__file__).parent.parent / "gateway" / "limits.json"

    http_threads: int = Field(default=32, ge=16, le=256)
    """How many requests are worked on at once, at the most."""
    patience: float = Field(default=0.5, gt=0)
    """How long half of the requests may take before fewer are worked on at once."""
    drain_seconds: float = Field(default=2.0, ge=0, le=5)
    """How long a stopping process goes on serving after it said that it is not ready."""


class DatabaseSettings(BaseSettings):
    """What a process that has a database has to know. Durations are in seconds."""

    database_url: PostgresDsn = PostgresDsn("postgresql://app@127.0.0.1:5432/app")
    replica_url: PostgresDsn | None = None
    """A streaming replica of that, if there is one."""
    database_password_file: Path | None = None
    database_connections: int = Field(default=16, ge=1, le=256)
    """To each of the two. As many as work at once: more would wait for the same cores and disk."""
    database_timeout: float = Field(default=1.0, gt=0)
    """How long a request waits for a connection, or for a row that another write changes."""
    database_patience: float = Field(default=10.0, ge=0)
    """How long a statement may take, and a transaction stand still; 0 is for ever."""

    def address(self, url: PostgresDsn) -> URL:
        """Return a server's address as SQLAlchemy takes it, with the password."""
        address = make_url(str(url)).set(drivername="postgresql+psycopg")
        if self.database_password_file is None:
            return address
        return address.set(password=self.database_password_file.read_text().strip())
