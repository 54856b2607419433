"""What the bot is configured with."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import ServerSettings


class BotSettings(BaseSettings):
    """Where the chat is, as everybody reaches it, and who is told."""

    chat_url: str = "http://127.0.0.1:8000"
    bot_password_file: Path = Path("/run/secrets/operations-bot-password")
    """Of the bot's own account, which it makes when there is first something to say."""
    alerts_token_file: Path = Path("/run/secrets/alerts-token")
    """What Alertmanager shows: nobody else may speak in the bot's name."""
    operators: str = ""
    """Usernames of those who are in the conversation, with commas or spaces between."""


class Settings(ServerSettings, BotSettings):
    """Each field, of the parts too, is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)
