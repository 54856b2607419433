"""Fixtures: the profile service as an object, behind a gateway that is played."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

import postgres
from flask import Flask
from flask.testing import FlaskClient
from front import use_secrets
from playing import app_on, until_on
from redises import RedisServer
from waiting import PHASE

SERVICE = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL, with the tables of profiles."""
    postgres.MIGRATE = "profiles.migrate"
    os.environ["PYTHONPATH"] = f"{SERVICE}:{PHASE}"
    use_secrets()
    yield
    if postgres.cluster.cache_info().currsize:
        postgres.cluster().close()


@pytest.fixture(autouse=True)
def databases(tmp_path: Path) -> Iterator[None]:
    """What stands for directories of this test serves the next one, emptied."""
    yield
    if postgres.cluster.cache_info().currsize:
        postgres.cluster().give_back(tmp_path.resolve())


@pytest.fixture(autouse=True)
def without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets a Redis that it has not asked for: nothing listens on port 1."""
    monkeypatch.setenv("CHAT_CACHE_URL", "redis://127.0.0.1:1/0")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.close()


@pytest.fixture
def cached(tmp_path: Path, redis: RedisServer) -> Flask:
    """The application with a cache."""
    return until_on(app_on(tmp_path / "data", cache_url=redis.url, cache_timeout=5))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application on an empty database of its own."""
    return app_on(tmp_path / "data")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client without a server in between."""
    return app.test_client()
