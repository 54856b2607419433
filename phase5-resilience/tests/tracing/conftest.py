"""Fixtures: a process that is traced, and a backend that answers as a test says."""

from collections.abc import Iterator

import pytest
from gateways import Service
from traced import Traced


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Everything that this process does is sampled."""
    traced = Traced()
    traced.tracing.start()
    yield traced
    traced.tracing.stop()


@pytest.fixture
def service() -> Iterator[Service]:
    """Takes requests; listening."""
    service = Service().start()
    yield service
    service.stop()
