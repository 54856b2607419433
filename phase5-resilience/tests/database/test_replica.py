"""Reading from a real replica: whatever it does, nobody misses what was acknowledged."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from postgres import Cluster, address_of, cluster, settings_for
from pydantic import PostgresDsn
from sqlalchemy import event
from stand_in import create_app
from waiting import wait_for
from werkzeug.test import TestResponse

from chassis import services
from chassis.database import Database
from chassis.health import Health
from chassis.metrics import RequestMetrics
from chassis.replica import Replica

API = "/api/v1"

READS = ["/conversations/{group}/members"]


class Someone:
    """A registered person on an application without a server in between."""

    def __init__(self, app: Flask, name: str) -> None:
        self.http = app.test_client()
        body = {"username": name, "password": "correct horse", "display_name": name}
        self.id, self.who = "", {"Authorization": ""}
        tokens = self.call("POST", "/auth/register", body)
        self.id, self.tokens = tokens["user_id"], tokens
        self.who = {"Authorization": f"Bearer {tokens['access_token']}"}

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Send a request."""
        return self.http.open(f"{API}{path}", method=method, json=body, headers=self.who)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed; return its JSON."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def group(self, *others: "Someone") -> str:
        """Create a group and return its id."""
        body = {"kind": "group", "name": "G", "member_ids": [one.id for one in others]}
        return str(self.call("POST", "/conversations", body)["id"])

    def send(self, group: str, client_id: str) -> str:
        """Send a message and return its id."""
        body = {"client_id": client_id, "body": "hello"}
        return str(self.call("POST", f"/conversations/{group}/messages", body)["id"])

    def is_served_by(self, server: str, path: str) -> bool:
        """Return whether this server, and no other, answers a request."""
        return self.reads_from(path) == server

    def reads_from(self, path: str) -> str:
        """Return the servers that have answered a request."""
        timing = self.ask("GET", path).headers["Server-Timing"]
        return ", ".join(re.findall(r'\b(db|replica);dur=[\d.]+;desc="\d+ quer', timing))


def _app(directory: Path, replica: str, **given: Any) -> Flask:
    return create_app(settings_for(directory, replica_url=PostgresDsn(replica), **given))


@pytest.fixture
def servers() -> Cluster:
    return cluster()


@pytest.fixture
def app(tmp_path: Path, servers: Cluster) -> Iterator[Flask]:
    """The application with a replica that it uses."""
    app = _app(tmp_path, servers.at_replica(address_of(tmp_path)))
    _until_used(app)
    yield app
    services.of(app).get(Database).close()


def _database(app: Flask) -> Database:
    return services.of(app).get(Database)


def _replica(app: Flask) -> Replica:
    replica = _database(app).replica
    assert replica is not None
    return replica


def _until_used(app: Flask) -> None:
    replica = _replica(app)
    wait_for(lambda: replica.has(["somebody"]))


@pytest.fixture
def ann(app: Flask) -> Someone:
    return Someone(app, "ann")


@pytest.fixture
def bob(app: Flask) -> Someone:
    return Someone(app, "bob")


def test_what_nobody_has_changed_is_read_from_the_replica(
    app: Flask, ann: Someone, bob: Someone
) -> None:
    group = ann.group(bob)
    _until_used(app)
    for read in READS:
        path = read.format(group=group)
        wait_for(functools.partial(bob.is_served_by, "replica", path))


def test_one_reads_ones_own_writes_while_the_replica_shows_nothing(
    servers: Cluster, ann: Someone, bob: Someone
) -> None:
    group = ann.group(bob)
    with servers.paused():
        message = ann.send(group, "c1")
        place = f"/conversations/{group}"
        assert ann.call("GET", f"{place}/messages")["items"][-1]["id"] == message
        assert ann.call("GET", "/conversations")["items"][0]["last_message"]["id"] == message
        ann.call("PATCH", f"{place}", {"name": "Another"})
        assert ann.call("GET", "/conversations")["items"][0]["name"] == "Another"
        second = ann.group()
        assert ann.call("GET", f"/conversations/{second}")["id"] == second
        bob.call("PUT", f"{place}/read", {"seq": 2})
        assert bob.call("GET", place)["unread_count"] == 1


def test_time_does_not_run_backwards_in_a_conversation_while_the_replica_lags(
    servers: Cluster, app: Flask, ann: Someone, bob: Someone
) -> None:
    group = ann.group(bob)
    seen = 0
    for number in range(30):
        if number % 10 == 0:
            servers.replica.ask("SELECT pg_wal_replay_pause()")
        elif number % 10 == 5:
            servers.replica.ask("SELECT pg_wal_replay_resume()")
        ann.send(group, f"c{number}")
        last_seq = bob.call("GET", f"/conversations/{group}")["last_seq"]
        assert last_seq >= max(seen, number + 2)
        seen = last_seq


def test_a_replica_that_is_killed_is_done_without_and_used_again(
    servers: Cluster, app: Flask, ann: Someone
) -> None:
    members = f"/conversations/{ann.group()}/members"
    wait_for(lambda: ann.reads_from(members) == "replica")
    servers.replica.kill()
    try:
        for _ in range(20):
            ann.call("GET", members)
        assert ann.reads_from(members) == "db"
        report, is_ready = services.of(app).get(Health).report()
        assert report["dependencies"]["replica"]["state"] == "down"
        assert is_ready
    finally:
        servers.replica.start()
    wait_for(lambda: ann.reads_from(members) == "replica")
    report, _ = services.of(app).get(Health).report()
    assert report["dependencies"]["replica"]["state"] == "up"


def test_reads_are_counted_by_the_server_they_went_to(
    servers: Cluster, app: Flask, ann: Someone
) -> None:
    metrics = services.of(app).get(RequestMetrics)

    def counted(target: str) -> float:
        labels = {"target": target}
        return metrics.registry.get_sample_value("chat_database_reads_total", labels) or 0

    group = f"/conversations/{ann.group()}"
    members = f"{group}/members"
    wait_for(lambda: ann.reads_from(members) == "replica")
    primary, replica = counted("primary"), counted("replica")
    assert ann.reads_from(members) == "replica"
    assert (counted("primary"), counted("replica")) == (primary, replica + 1)
    with servers.paused():
        ann.call("PATCH", group, {"name": "Another"})
        primary, replica = counted("primary"), counted("replica")
        ann.call("GET", members)
        assert (counted("primary"), counted("replica")) == (primary + 1, replica)


@pytest.mark.parametrize("read", READS)
def test_a_read_in_whose_middle_the_replica_fails_is_answered_by_the_primary(
    servers: Cluster, app: Flask, ann: Someone, read: str
) -> None:
    group = ann.group()
    path = read.format(group=group)
    wait_for(lambda: ann.reads_from(path) == "replica")
    timing = ann.ask("GET", path).headers["Server-Timing"]
    found = re.search(r'replica;dur=[\d.]+;desc="(\d+)', timing)
    assert found
    queries = int(found[1])
    replica = _replica(app)
    for fatal in range(1, queries + 1):
        number = 0

        def end_it(connection: Any, cursor: Any, *_: Any) -> None:
            nonlocal number
            number += 1
            if number == fatal:  # noqa: B023 - removed before the next turn
                pid = cursor.connection.info.backend_pid
                servers.replica.ask(f"SELECT pg_terminate_backend({pid})")

        _until_used(app)
        event.listen(replica._engine, "before_cursor_execute", end_it)
        try:
            ann.call("GET", path)
        finally:
            event.remove(replica._engine, "before_cursor_execute", end_it)
        assert number >= fatal


def test_a_server_that_follows_nobody_is_not_used(tmp_path: Path, servers: Cluster) -> None:
    url = address_of(tmp_path)
    other = servers.new_replica("promoted")
    try:
        app = _app(tmp_path, url.replace(f":{servers.primary.port}/", f":{other.port}/"))
        _until_used(app)
        other.ask("SELECT pg_promote()")
        ann = Someone(app, "ann")
        group = ann.group()
        for number in range(20):
            ann.send(group, f"c{number}")
            assert ann.call("GET", f"/conversations/{group}")["last_seq"] == number + 2
        wait_for(lambda: ann.reads_from(f"/conversations/{group}/members") == "db")
        services.of(app).get(Database).close()
    finally:
        other.stop()


def test_a_replica_of_somebody_else_is_not_used(tmp_path: Path, servers: Cluster) -> None:
    stranger = Cluster()
    try:
        url = address_of(tmp_path)
        stranger.primary.ask(f"CREATE DATABASE {url.rsplit('/', 1)[1]} OWNER chat")
        app = _app(tmp_path, stranger.at_replica(stranger.primary.url(url.rsplit("/", 1)[1])))
        ann = Someone(app, "ann")
        replica = _replica(app)
        wait_for(lambda: "another primary" in replica.why_not)
        assert ann.reads_from("/conversations") == "db"
        services.of(app).get(Database).close()
    finally:
        stranger.close()


def test_people_go_on_reading_while_the_primary_is_away(tmp_path: Path) -> None:
    servers = Cluster()
    try:
        url = servers.database("d")
        app = _app(tmp_path, servers.at_replica(url), database_url=PostgresDsn(url))
        _until_used(app)
        ann = Someone(app, "ann")
        members = f"/conversations/{ann.group()}/members"
        wait_for(lambda: ann.reads_from(members) == "replica")
        servers.primary.kill()
        body = {"kind": "group", "name": "another", "member_ids": []}
        refused = ann.ask("POST", "/conversations", body)
        assert refused.status_code == 503
        assert "#busy" in refused.text
        assert int(refused.headers["Retry-After"]) >= 1
        assert len(ann.call("GET", members)["items"]) == 1
        servers.primary.start()
        ann.call("POST", "/conversations", body)
        services.of(app).get(Database).close()
    finally:
        servers.close()
