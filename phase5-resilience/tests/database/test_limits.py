"""When there is not enough of the database: who is turned away, how soon, and with what words."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from postgres import Cluster, address_of, cluster, settings_for
from psycopg import errors as pg
from pydantic import PostgresDsn
from running import Person, Server, wait_for
from sqlalchemy.exc import OperationalError
from stand_in import create_app

from chassis import services
from chassis.database import Database
from chassis.errors import Busy, StorageFull
from chassis.faults import told_apart


def _register(client: FlaskClient) -> dict[str, str]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens = client.post("/api/v1/auth/register", json=body).json
    assert tokens is not None
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@contextmanager
def _held(database: Database, connections: int) -> Iterator[None]:
    """Keep so many connections in use."""
    release, held = threading.Event(), threading.Barrier(connections + 1)

    def hold() -> None:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
            held.wait(10)
            release.wait()

    threads = [threading.Thread(target=hold) for _ in range(connections)]
    for thread in threads:
        thread.start()
    held.wait(10)
    try:
        yield
    finally:
        release.set()
        for thread in threads:
            thread.join()


def test_who_finds_every_connection_in_use_is_soon_told_when_to_come_again(
    tmp_path: Path,
) -> None:
    app = create_app(settings_for(tmp_path, database_connections=3, database_timeout=0.2))
    client = app.test_client()
    who = _register(client)
    with _held(services.of(app).get(Database), 3):
        began = time.monotonic()
        answer = client.get("/api/v1/conversations", headers=who)
        assert time.monotonic() - began < 3
        assert answer.status_code == 503
        assert answer.json is not None
        assert answer.json["type"].endswith("#busy")
        assert int(answer.headers["Retry-After"]) == answer.json["retry_after"] >= 1
    assert client.get("/api/v1/conversations", headers=who).status_code == 200


def test_a_process_never_takes_more_connections_than_it_was_given(tmp_path: Path) -> None:
    server = Server(tmp_path, CHAT_DATABASE_CONNECTIONS="3").start()
    try:
        people = [Person(server.url) for _ in range(3)]
        group = people[0].group(*people[1:])
        threads = [
            threading.Thread(target=people[n % 3].send, args=(group, f"c{n}")) for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        name = address_of(tmp_path).rsplit("/", 1)[1]
        counted = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        counted += " AND application_name <> 'bringing'"  # a stand-in's, see tests/stand_in.py
        assert 1 <= cluster().primary.ask(counted) <= 3
    finally:
        server.stop()


def test_connections_that_the_server_has_ended_are_not_given_out(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path))
    client = app.test_client()
    who = _register(client)
    database = services.of(app).get(Database)
    with _held(database, 5):
        pass
    name = address_of(tmp_path).rsplit("/", 1)[1]
    ended = (
        f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    assert cluster().primary.ask(ended) >= 5
    wait_for(lambda: cluster().primary.ask(ended) == 0)
    for _ in range(7):
        assert client.get("/api/v1/conversations", headers=who).status_code == 200


def test_a_primary_that_restarts_costs_errors_only_while_it_is_away(tmp_path: Path) -> None:
    servers = Cluster()
    url = servers.database("d")
    try:
        app = create_app(settings_for(tmp_path, database_url=PostgresDsn(url)))
        client = app.test_client()
        who = _register(client)

        def begin(number: int) -> int:
            body = {"kind": "group", "name": f"G{number}", "member_ids": []}
            status: int = client.post("/api/v1/conversations", json=body, headers=who).status_code
            return status

        acknowledged = [number for number in range(20) if begin(number) == 201]
        servers.primary.kill()
        assert [begin(number) for number in range(20, 23)] == [503, 503, 503]
        servers.primary.start()
        acknowledged += [number for number in range(20, 30) if begin(number) == 201]
        assert acknowledged == list(range(30))
        page: Any = client.get("/api/v1/conversations?limit=100", headers=who).json
        assert {one["name"] for one in page["items"]} == {f"G{number}" for number in range(30)}
    finally:
        servers.close()


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (pg.LockNotAvailable(), Busy),
        (pg.DeadlockDetected(), Busy),
        (pg.QueryCanceled(), Busy),
        (pg.AdminShutdown(), Busy),
        (pg.CannotConnectNow(), Busy),
        (pg.TooManyConnections(), Busy),
        (pg.ReadOnlySqlTransaction(), Busy),
        (pg.OperationalError("server closed the connection unexpectedly"), Busy),
        (pg.DiskFull(), StorageFull),
        (pg.IdleInTransactionSessionTimeout(), Busy),
        (pg.UndefinedTable(), pg.UndefinedTable),
        (pg.InFailedSqlTransaction(), pg.InFailedSqlTransaction),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_passes_by_itself_is_told_apart_from_faults(
    refused: pg.Error, told: type[Exception], *, wrapped: bool
) -> None:
    error: Exception = OperationalError("SELECT 1", {}, refused) if wrapped else refused
    expected = OperationalError if wrapped and told is type(refused) else told
    with pytest.raises(expected), told_apart():
        raise error
