"""A unit of work: what it announces is told after the commit, in order, and never otherwise."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from postgres import settings_for
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.errors import ReadOnly
from chassis.events import Event, new_event
from chassis.messaging.inbox import InboxRow
from chassis.mode import Mode, set_mode


class Listener:
    """Keeps what it is told, and how many rows a stranger to the transaction sees then."""

    def __init__(self) -> None:
        self.database: Database | None = None
        self.heard: list[tuple[str, list[str], int]] = []

    def publish(self, event: Event, user_ids: Collection[str]) -> None:
        assert self.database is not None
        with self.database.read() as connection:
            seen = len(connection.execute(select(InboxRow.event_id)).all())
        self.heard.append((event["type"], list(user_ids), seen))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def database(tmp_path: Path, listener: Listener) -> Iterator[Database]:
    """An empty database that tells the listener."""
    settings = settings_for(tmp_path, database_connections=2)
    database = Database(settings, listener)
    listener.database = database
    yield database
    database.close()


def _store(connection: Connection, name: str = "x") -> None:
    connection.execute(insert(InboxRow).values(consumer="test", event_id=name))


def test_what_is_announced_is_told_in_order_once_it_can_be_read(
    database: Database, listener: Listener
) -> None:
    with database.write() as work:
        work.announce(new_event("one", {}), ["ann"])
        _store(work.connection)
        work.announce(new_event("two", {}))
        assert listener.heard == []
    assert listener.heard == [("one", ["ann"], 1), ("two", [], 1)]


def test_a_session_tells_after_what_it_has_written(database: Database, listener: Listener) -> None:
    with database.session() as (session, work):
        work.announce(new_event("one", {}), ["ann"])
        session.add(InboxRow(consumer="test", event_id="x"))
    assert listener.heard == [("one", ["ann"], 1)]


def test_a_rollback_tells_nothing(database: Database, listener: Listener) -> None:
    def store_twice() -> None:
        with database.write() as work:
            _store(work.connection)
            work.announce(new_event("one", {}), ["ann"])
            _store(work.connection)

    with pytest.raises(IntegrityError):
        store_twice()
    with database.write() as work:
        _store(work.connection, "another")
        work.announce(new_event("two", {}), ["ann"])
    assert listener.heard == [("two", ["ann"], 1)]


def test_a_write_that_is_refused_tells_nothing(database: Database, listener: Listener) -> None:
    with database.write_in_any_mode() as connection:
        set_mode(connection, Mode.READ_ONLY)
    with pytest.raises(ReadOnly), database.write() as work:
        work.announce(new_event("one", {}), ["ann"])
    assert listener.heard == []
