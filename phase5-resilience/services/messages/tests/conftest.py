"""Fixtures: the messages service as an object, and who has the conversations, played."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

import postgres
from fake_auth import fake_auth
from flask import Flask
from playing import SECRET, Conversations, Front, Group, Somebody
from pydantic import PostgresDsn
from waiting import PHASE

from messages.app import create_app
from messages.settings import Settings

SERVICE = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL, with the tables of messages, and who knows the keys of services."""
    postgres.MIGRATE = "messages.migrate"
    directory = Path(tempfile.mkdtemp(prefix="chat-secrets-"))
    (directory / "identity").write_bytes(SECRET)
    (directory / "client").write_text("of messages")
    os.environ |= {
        "PYTHONPATH": f"{SERVICE}:{PHASE}",
        "CHAT_IDENTITY_SECRET_FILE": str(directory / "identity"),
        "CHAT_CLIENT_SECRET_FILE": str(directory / "client"),
        "CHAT_AUTH_URL": fake_auth().url,
        "CHAT_CACHE_URL": "redis://127.0.0.1:1/0",
    }
    yield
    if postgres.cluster.cache_info().currsize:
        postgres.cluster().close()


@pytest.fixture(autouse=True)
def databases(tmp_path: Path) -> Iterator[None]:
    """What stands for directories of this test serves the next one, emptied."""
    yield
    if postgres.cluster.cache_info().currsize:
        postgres.cluster().give_back(tmp_path.resolve())


@pytest.fixture
def conversations() -> Conversations:
    """Who has the conversations."""
    return Conversations()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a database of the test's own."""
    url = PostgresDsn(postgres.address_of(tmp_path / "data"))
    return Settings(database_url=url, internal_bind="0.0.0.0:9001")


@pytest.fixture
def app(settings: Settings, conversations: Conversations) -> Flask:
    """The application on an empty database, behind a gateway that believes every header."""
    app = create_app(settings, conversations)
    app.wsgi_app = Front(app.wsgi_app)  # type: ignore[method-assign]
    return app


@pytest.fixture
def ann(app: Flask) -> Somebody:
    """Somebody."""
    return Somebody(app.test_client())


@pytest.fixture
def ben(app: Flask) -> Somebody:
    """Somebody else."""
    return Somebody(app.test_client())


@pytest.fixture
def group(app: Flask, conversations: Conversations, ann: Somebody, ben: Somebody) -> Group:
    """A group of both, of which messages has been told."""
    group = Group(app.test_client(), conversations, ann, ben)
    group.bring(1)
    return group
