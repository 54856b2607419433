"""Fixtures: the application as an object, and the real server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

sys.path.insert(0, str(Path(__file__).parent))

from running import Server

from chat.app import create_app
from chat.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application on an empty database of its own."""
    return create_app(Settings(data_dir=tmp_path / "data"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client without a server in between."""
    return app.test_client()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The real server on an empty database; each test starts it as it needs."""
    server = Server(tmp_path / "data")
    yield server
    server.stop()
