"""Fixtures: the system under test, and the people who use it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import Aging, Api, Json, Person, Socket

NAMES = ("ada", "bob", "cem", "dora")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--url",
        default=os.environ.get("CONTRACT_URL"),
        help="address of the system under test, such as http://127.0.0.1:8000 (or CONTRACT_URL)",
    )
    parser.addoption(
        "--admin",
        default=os.environ.get("CONTRACT_ADMIN"),
        help="an account with the role admin, name:password (or CONTRACT_ADMIN), for moderation",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "capability(name): runs only where /api/v1/system declares this capability"
    )
    config.addinivalue_line("markers", "offline: needs no system, only the documents")
    config.addinivalue_line("markers", "short: a little of each resource, for a run of seconds")
    config.addinivalue_line("markers", "fuzz: generated requests; leave out with -m 'not fuzz'")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that wait for half a minute to pass at the end: by then it has passed."""
    items.sort(key=_waits_for_time)


def _waits_for_time(item: pytest.Item) -> bool:
    return "aging" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    address = request.config.getoption("--url")
    if not address:
        pytest.exit(
            "Which system? Say --url http://127.0.0.1:8000, or set CONTRACT_URL. "
            "Without a system: -m offline.",
            returncode=2,
        )
    return str(address).rstrip("/")


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[Api]:
    api = Api(url)
    yield api
    api.close()


@pytest.fixture(scope="session")
def system(api: Api) -> Json:
    return dict(api.call("GET", "/api/v1/system").json)


@pytest.fixture(autouse=True)
def _only_where_declared(request: pytest.FixtureRequest) -> None:
    marks = list(request.node.iter_markers("capability"))
    if not marks:
        return
    declared = request.getfixturevalue("system")["capabilities"]
    missing = [mark.args[0] for mark in marks if mark.args[0] not in declared]
    if missing:
        pytest.skip(f"this system does not declare {', '.join(missing)}")


@pytest.fixture(scope="session")
def run_id() -> str:
    """A word that no earlier run has used in names."""
    return uuid4().hex[:8]


@pytest.fixture(scope="session")
def newcomer(api: Api, run_id: str) -> Callable[[], Person]:
    """Registers somebody new, for tests that change or end what belongs to a person."""
    count = 0

    def register() -> Person:
        nonlocal count
        count += 1
        return Person.register(api, f"new-{run_id}-{count}", f"Newcomer {count}")

    return register


@pytest.fixture(scope="session")
def staying() -> list[Person]:
    """Who is to be logged in for the whole run, which may take longer than a token lives."""
    return []


@pytest.fixture(autouse=True)
def _stay_logged_in(staying: list[Person]) -> None:
    for person in staying:
        person.stay_logged_in()


@pytest.fixture(scope="session")
def pool(api: Api, run_id: str, staying: list[Person]) -> dict[str, Person]:
    """A few people for the whole run; their logins are not to be ended."""
    people = {name: Person.register(api, f"{name}-{run_id}", name.title()) for name in NAMES}
    staying += people.values()
    return people


@pytest.fixture(scope="session")
def aging(pool: dict[str, Person], newcomer: Callable[[], Person]) -> Iterator[Aging]:
    """What changes by itself when half a minute has passed."""
    aging = Aging.begin(pool["ada"], newcomer())
    yield aging
    aging.end()


@pytest.fixture(scope="session", autouse=True)
def _begin_aging_early(request: pytest.FixtureRequest) -> None:
    """Let the half minute pass while the other tests run."""
    if any(_waits_for_time(item) for item in request.session.items):
        request.getfixturevalue("aging")


@pytest.fixture(scope="session")
def admin(request: pytest.FixtureRequest, api: Api, staying: list[Person]) -> Person:
    """Whoever runs the system has appointed them; without one, tests that need one are skipped."""
    name, _, password = (request.config.getoption("--admin") or "").partition(":")
    if not name:
        pytest.skip("who is admin here? --admin name:password")
    person = Person(api, name, password, {}).login()
    staying.append(person)
    return person


@pytest.fixture
def ada(pool: dict[str, Person]) -> Person:
    return pool["ada"]


@pytest.fixture
def bob(pool: dict[str, Person]) -> Person:
    return pool["bob"]


@pytest.fixture
def cem(pool: dict[str, Person]) -> Person:
    return pool["cem"]


@pytest.fixture
def dora(pool: dict[str, Person]) -> Person:
    """Never put into `group`: the stranger."""
    return pool["dora"]


@pytest.fixture
def group(ada: Person, bob: Person, cem: Person) -> Json:
    """A new group of Ada (owner), Bob and Cem (members), as Ada sees it."""
    return ada.start_group(bob, cem)


@pytest.fixture
def group_id(group: Json) -> str:
    return str(group["id"])


@pytest.fixture
def open_socket() -> Iterator[Callable[[Person], Socket]]:
    """Opens sockets and closes them after the test; a violation that one saw fails the test."""
    opened: list[Socket] = []

    def connect(person: Person) -> Socket:
        opened.append(person.open_socket())
        return opened[-1]

    yield connect
    for socket in opened:
        socket.close()
