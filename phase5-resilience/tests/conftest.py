"""Fixtures: the application as an object, and the real server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakSet

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

sys.path.insert(0, str(Path(__file__).parent))

from caching import RedisServer, app_on, until_on
from fake_profiles import use_profiles
from postgres import cluster, settings_for
from real_messages import real_messages, use_messages
from running import Server
from stand_in import create_app, use_secrets

from chassis.logs import with_request
from chassis.redaction import Fields, describe_exception, mask


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL, started by whoever needs it first, and ended with the tests."""
    yield
    if real_messages.cache_info().currsize:
        real_messages().close()
    if cluster.cache_info().currsize:
        cluster().close()


@pytest.fixture(scope="session", autouse=True)
def secrets() -> None:
    """What the gateway and the monolith share, and what keys are encrypted with."""
    use_secrets()
    use_profiles()


@pytest.fixture(autouse=True)
def databases(tmp_path: Path) -> Iterator[None]:
    """What stands for directories of this test serves the next one, emptied."""
    yield
    if real_messages.cache_info().currsize:
        real_messages().empty()
    if cluster.cache_info().currsize:
        cluster().give_back(tmp_path.resolve())


@pytest.fixture(autouse=True)
def without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets a Redis that it has not asked for: nothing listens on port 1."""
    monkeypatch.setenv("CHAT_CACHE_URL", "redis://127.0.0.1:1/0")


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another test has left behind is not reported in this one."""
    monkeypatch.setattr("chassis.resilience.report._watched", WeakSet())


@pytest.fixture(autouse=True)
def written() -> Iterator[list[Fields]]:
    """What is logged in this process meanwhile, as it would be written down."""
    with capture_logs(processors=[with_request, describe_exception, mask]) as lines:
        yield lines


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.close()


@pytest.fixture
def cached(tmp_path: Path, redis: RedisServer) -> Flask:
    """The application with a cache."""
    return until_on(app_on(tmp_path / "data", redis.url))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application on an empty database of its own."""
    return create_app(settings_for(tmp_path / "data"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client without a server in between."""
    return app.test_client()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The real server on an empty database; each test starts it as it needs."""
    use_messages()
    server = Server(tmp_path / "data")
    yield server
    server.stop()
