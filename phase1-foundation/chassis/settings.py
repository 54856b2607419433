"""The configuration of one process, read once from the environment.

Each part of the system says what it has to know; a process puts together the parts that it runs.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode


def _separated(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


class ServerSettings(BaseSettings):
    """What a process that answers HTTP has to know. Durations are in seconds."""

    bind: str = "127.0.0.1:8000"
    operations_bind: str = ""
    """Where metrics and the dashboard are, and nothing else; empty is nowhere."""
    log_level: str = "INFO"

    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_separated)
    ] = ()
    """Whose word counts for the address that people see, such as `10.0.0.5, fd00::/8`."""

    http_threads: int = Field(default=32, ge=16, le=256)
    """Threads that no socket can take; a socket occupies a thread of its own."""
    drain_seconds: float = Field(default=2.0, ge=0, le=5)
    """How long a stopping process goes on serving after it said that it is not ready."""


class DatabaseSettings(BaseSettings):
    """What a process that has a database has to know."""

    data_dir: Path = Path("data")
    database_connections: int = Field(default=16, ge=2, le=256)
    database_timeout: float = Field(default=5.0, gt=0)
    """How long a request waits for the write lock or for a connection."""
