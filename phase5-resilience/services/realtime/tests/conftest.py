"""Fixtures: the realtime service as a process, a Redis, a broker, and what stands around it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from brokers import Host, broker
from playing import Happening, Server, fake_chat, use_secrets
from redises import RedisServer

Start = Callable[..., Server]


@pytest.fixture(scope="session", autouse=True)
def surroundings() -> Iterator[None]:
    """Secrets, auth and chat, played; and RabbitMQ, started by whoever needs it first."""
    use_secrets()
    yield
    if broker.cache_info().currsize:
        broker().close()


@pytest.fixture(autouse=True)
def nobody() -> None:
    """Conversations of tests before are gone."""
    fake_chat().members.clear()
    fake_chat().asked.clear()
    fake_chat().is_away = False


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A broker with nothing in it."""
    host = Host(tmp_path)
    yield host
    host.drop()


@pytest.fixture
def happening(host: Host) -> Happening:
    """What happens in conversations."""
    return Happening(host)


@pytest.fixture
def start(tmp_path: Path, redis: RedisServer) -> Iterator[Start]:
    """Start a process; without a broker unless it is told of one."""
    started: list[Server] = []

    def start(prefix: list[str] | None = None, **environment: str) -> Server:
        nowhere = {"CHAT_STORE_URL": redis.url, "CHAT_BROKER_URL": "amqp://127.0.0.1:1/x"}
        log = tmp_path / f"realtime-{len(started)}.log"
        started.append(Server(log, **nowhere | environment))
        started[-1].prefix = prefix or []
        return started[-1].start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(start: Start) -> Server:
    """One process, alone with its Redis."""
    return start()


@pytest.fixture
def pair(start: Start, host: Host) -> list[Server]:
    """Two processes that share a Redis and a broker."""
    return [start(**host.environment) for _ in range(2)]
