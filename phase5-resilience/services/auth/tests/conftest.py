"""Fixtures: the auth service as an object, and who has the profiles, played."""

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
from playing import Front, Profiles, use_secrets
from pydantic import PostgresDsn
from waiting import PHASE

from auth.app import create_app
from auth.settings import Settings

SERVICE = Path(__file__).parents[1]
INTERNAL = "0.0.0.0:9001"


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL, with the tables of auth."""
    postgres.MIGRATE = "auth.migrate"
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


@pytest.fixture
def profiles() -> Profiles:
    """Who makes profiles."""
    return Profiles()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a database of the test's own."""
    url = PostgresDsn(postgres.address_of(tmp_path / "data"))
    return Settings(database_url=url, internal_bind=INTERNAL)


@pytest.fixture
def app(settings: Settings, profiles: Profiles) -> Flask:
    """The application on an empty database, behind a gateway that believes every token."""
    app = create_app(settings, profiles)
    app.wsgi_app = Front(app.wsgi_app)  # type: ignore[method-assign]
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client without a server in between."""
    return app.test_client()
