"""Fixtures: a service that does what a test tells it, and a gateway before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateways import Gateway, Service, StartGateway
from issuing import Monolith


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that says ok; listening."""
    service = Service().start()
    yield service
    service.stop()


@pytest.fixture
def monolith() -> Iterator[Monolith]:
    """Publishes keys, and says which logins have ended."""
    monolith = Monolith()
    yield monolith
    monolith.close()


@pytest.fixture
def rights() -> dict[str, str]:
    """Who may do what: by default all may all, for tests that are not about it."""
    return {'"member moderator admin"': '""'}


@pytest.fixture
def start_gateway(
    tmp_path: Path, service: Service, monolith: Monolith, rights: dict[str, str]
) -> Iterator[StartGateway]:
    """Start a gateway, with changes to the texts of its configuration."""
    started: list[Gateway] = []

    def start(changes: dict[str, str] | None = None) -> Gateway:
        started.append(Gateway(tmp_path, service, monolith, rights | (changes or {})))
        return started[-1].start()

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway as it is."""
    return start_gateway()
