"""Fixtures: the bot, and a chat that is played."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from playing import TOKEN, Chat

from operations_bot.app import create_app
from operations_bot.settings import Settings

Start = Callable[..., FlaskClient]


@pytest.fixture
def chat() -> Chat:
    """A chat in which nobody is yet."""
    return Chat()


@pytest.fixture
def start(tmp_path: Path, chat: Chat) -> Start:
    """Start a bot, as after a restart: it remembers nothing."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")

    def start(operators: str = "", password: str = "of the bot, secret") -> FlaskClient:
        (tmp_path / "password").write_text(f"{password}\n")
        settings = Settings(
            bot_password_file=tmp_path / "password",
            alerts_token_file=tmp_path / "token",
            operators=operators,
            operations_bind="0.0.0.0:9000",
        )
        app: Flask = create_app(settings, chat)
        return app.test_client()

    return start


@pytest.fixture
def bot(start: Start) -> FlaskClient:
    """A bot that has nobody to invite."""
    return start()
