"""Fixtures: the system under test, the people in it, and their browsers."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).resolve().parent))

from web_support.browsers import Browsers, chromium
from web_support.chromium import NoChromiumError
from web_support.people import Person

NETWORK = ("Failed to load resource", "WebSocket connection to")


def pytest_addoption(parser: pytest.Parser) -> None:
    with contextlib.suppress(ValueError):  # the contract suite has the same option
        parser.addoption(
            "--url",
            default=os.environ.get("CONTRACT_URL"),
            help="address of the system under test, as http://127.0.0.1:8000 (or CONTRACT_URL)",
        )
    parser.addoption(
        "--kill-command",
        default=os.environ.get("WEB_KILL_COMMAND"),
        help="kills the server so that it starts again (default: by way of lab, which started it)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "failing_requests: requests fail on purpose, which Chromium notes in the console"
    )


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    address = request.config.getoption("--url")
    if not address:
        pytest.exit("Which system? Say --url http://127.0.0.1:8000, or: ./lab test web", 2)
    return str(address).rstrip("/")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoChromiumError as error:
        pytest.exit(str(error), 1)


@pytest.fixture
def browsers(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Browsers]:
    browsers = Browsers(browser, url)
    yield browsers
    browsers.close()
    complaints = browsers.complaints
    if request.node.get_closest_marker("failing_requests"):
        complaints = [one for one in complaints if not any(words in one for words in NETWORK)]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def make_person(url: str) -> Iterator[Callable[[str], Person]]:
    people: list[Person] = []

    def make(name: str) -> Person:
        people.append(Person.register(url, name))
        return people[-1]

    yield make
    for person in people:
        person.close()


@pytest.fixture
def ada(make_person: Callable[[str], Person]) -> Person:
    return make_person("Ada Lovelace")


@pytest.fixture
def bob(make_person: Callable[[str], Person]) -> Person:
    return make_person("Bob Ross")


@pytest.fixture
def cem(make_person: Callable[[str], Person]) -> Person:
    return make_person("Cem Karaca")
