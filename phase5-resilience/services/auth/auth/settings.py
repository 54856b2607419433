"""What the auth domain is configured with."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from auth.keys import Signing
from chassis.messaging.settings import WorkerSettings
from chassis.settings import ServerSettings


class AuthSettings(BaseSettings):
    """Durations are in seconds."""

    hashes_at_once: int = Field(default=2, ge=1)
    """Password hashes computed at the same time; each takes 19 MiB and a core."""
    hash_wait: float = Field(default=3.0, ge=0)

    refresh_ttl: int = Field(default=30 * 24 * 3600, ge=1)
    refresh_grace: int = Field(default=30, ge=0)
    """How long the predecessor of an unused refresh token still works."""

    signing_secret_file: Path = Path("/run/secrets/signing-secret")
    """What the keys that sign access tokens are encrypted with in the database."""
    signing_key_lead: float = Field(default=2.0, ge=0)
    """How long a key is published before it signs: longer than the gateway takes to pull it."""
    signing_key_age: int = Field(default=7 * 24 * 3600, ge=60)

    def signing(self) -> Signing:
        """Return how access tokens are signed."""
        return Signing(
            secret=self.signing_secret_file.read_bytes(),
            lead=self.signing_key_lead,
            age=self.signing_key_age,
        )


class Settings(WorkerSettings, ServerSettings, AuthSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    profiles_url: str = "http://127.0.0.1:9001"
    """Where who has profiles answers services."""
    clients_dir: Path = Path("/run/secrets")
    """`client-NAME` in it is what the service NAME shows; of two lines either is taken."""
