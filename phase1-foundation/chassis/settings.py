"""The configuration of one process, read once from the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is the environment variable CHAT_<NAME>. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    bind: str = "127.0.0.1:8000"
    operations_bind: str = ""
    """Where metrics and the dashboard are, and nothing else; empty is nowhere."""
    data_dir: Path = Path("data")
    web_dir: Path = Path("../common/web")
    contract_dir: Path = Path("../common/contract")
    log_level: str = "INFO"

    sockets_max: int = Field(default=300, ge=0, le=5000)
    http_threads: int = Field(default=32, ge=16, le=256)
    """Threads that no socket can take; a socket occupies a thread of its own."""
    drain_seconds: float = Field(default=2.0, ge=0, le=5)
    """How long a stopping process goes on serving after it said that it is not ready."""

    database_connections: int = Field(default=16, ge=2, le=256)
    database_timeout: float = Field(default=5.0, gt=0)
    """How long a request waits for the write lock or for a connection."""

    cache_url: str = "redis://127.0.0.1:6379/0"
    cache_timeout: float = Field(default=0.1, gt=0, le=5)
    """How long a request waits for one command of Redis; it gives at most two."""
    cache_pause: float = Field(default=2.0, gt=0)
    """How long Redis is not asked after it has failed."""

    hashes_at_once: int = Field(default=2, ge=1)
    """Password hashes computed at the same time; each takes 19 MiB and a core."""
    hash_wait: float = Field(default=3.0, ge=0)

    refresh_ttl: int = Field(default=30 * 24 * 3600, ge=1)
    refresh_grace: int = Field(default=30, ge=0)
    ticket_ttl: int = Field(default=30, ge=1)

    @property
    def database_file(self) -> Path:
        """Return where the one database file lies."""
        return self.data_dir / "chat.sqlite3"
