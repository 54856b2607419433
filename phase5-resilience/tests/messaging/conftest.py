"""Fixtures: a database, a virtual host, and the processes between them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from brokers import Host, Worker, broker
from postgres import address_of

from chassis.database import Database
from chassis.events import new_event
from chassis.messaging.outbox import Outbox
from chassis.messaging.settings import WorkerSettings
from chat.catalogue import TOPICS

Start = Callable[..., Worker]
Announce = Callable[..., None]


@pytest.fixture(scope="session", autouse=True)
def brokers() -> Iterator[None]:
    """RabbitMQ, started by whoever needs it first, and ended with the tests."""
    yield
    if broker.cache_info().currsize:
        broker().close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A broker with nothing in it."""
    host = Host(tmp_path)
    yield host
    host.drop()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of an empty database."""
    return address_of(tmp_path)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """That database, with an outbox."""
    settings = WorkerSettings.model_validate({"database_url": url, "database_connections": 2})
    database = Database(settings, outbox=Outbox(TOPICS, 100_000))
    yield database
    database.close()


@pytest.fixture
def announce(database: Database) -> Announce:
    """Announce events of conversations, in transactions of a hundred: `{id: how many}`."""

    def announce(conversations: list[str], each: int, read: int = 0) -> None:
        for first in range(0, each, 100):
            with database.write() as work:
                for seq in range(first, min(first + 100, each)):
                    for one in conversations:
                        data = {"user_id": one, "read_seq": read + seq}
                        work.announce(new_event("read", data, conversation_id=one))

    return announce


@pytest.fixture
def start(tmp_path: Path, url: str, host: Host) -> Iterator[Start]:
    """Start a process: a module, or `-c` and a program."""
    started: list[Worker] = []

    def start(*command: str) -> Worker:
        environment = {"CHAT_DATABASE_URL": url, **host.environment}
        words = command if command[0] == "-c" else ("-m", *command)
        started.append(Worker(tmp_path / f"{len(started)}.log", environment, *words))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
