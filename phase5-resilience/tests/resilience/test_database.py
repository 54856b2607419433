"""A database that is away is asked again by one, while the others are told so at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres import settings_for
from sqlalchemy import Connection, Engine

from chassis.database import Database
from chassis.engine import connect
from chassis.errors import Away, Busy
from chassis.resilience.breaker import Refused


class Server:
    """Stands before the real one: it can be away, or have no room; `asked` counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: type[Busy] | None = None

    @contextmanager
    def connect(self, engine: Engine) -> Iterator[Connection]:
        self.asked += 1
        if self.error is not None:
            raise self.error("so it is")
        with connect(engine) as connection:
            yield connection


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr("chassis.database.connect", server.connect)
    return server


@pytest.fixture
def database(tmp_path: Path, server: Server) -> Iterator[Database]:
    database = Database(settings_for(tmp_path / "data"))
    yield database
    database.close()


def test_who_comes_while_it_is_away_is_told_so_without_trying(
    database: Database, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("pyresilience._circuit_breaker._monotonic", lambda: now[0])
    server.error = Away
    for _ in range(5):
        with pytest.raises(Away), database.read():
            pass
    with pytest.raises(Refused), database.read():
        pass
    with pytest.raises(Refused), database.write():
        pass
    assert server.asked == 5
    assert not database.is_alive()
    server.error = None
    now[0] += 1.01
    assert database.is_alive()
    with database.write():
        pass
    assert server.asked == 7


def test_a_full_pool_and_errors_inside_are_no_reason(database: Database, server: Server) -> None:
    server.error = Busy
    for _ in range(10):
        with pytest.raises(Busy), database.read():
            pass
    server.error = None

    def fail() -> None:
        with database.read():
            raise Away("a statement of mine")

    for _ in range(10):
        with pytest.raises(Away):
            fail()
    assert server.asked == 20
    assert database.is_alive()
