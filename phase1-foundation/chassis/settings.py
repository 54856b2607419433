"""The configuration of one process, read once from the environment.

Each part of the system says what it has to know; a process puts together the parts that it runs.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class ServerSettings(BaseSettings):
    """What a process that answers HTTP has to know. Durations are in seconds."""

    bind: str = "127.0.0.1:8000"
    log_level: str = "INFO"
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
