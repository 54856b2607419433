"""Reading timelines from a real replica: nobody misses what was acknowledged."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playing import Conversations, Front, Group, Somebody
from postgres import Cluster, cluster
from pydantic import PostgresDsn
from waiting import wait_for

from chassis import services
from chassis.database import Database
from messages.app import create_app
from messages.settings import Settings


@pytest.fixture
def app(settings: Settings, conversations: Conversations) -> Iterator[Flask]:
    """The application with a replica that it uses."""
    replica = PostgresDsn(cluster().at_replica(str(settings.database_url)))
    app = _app(settings.model_copy(update={"replica_url": replica}), conversations)
    yield app
    services.of(app).get(Database).close()


def _app(settings: Settings, conversations: Conversations) -> Flask:
    """Return the application once it reads from its replica."""
    app = create_app(settings, conversations)
    app.wsgi_app = Front(app.wsgi_app)  # type: ignore[method-assign]
    database = services.of(app).get(Database)
    wait_for(lambda: database.replica and database.replica.has(["somebody"]))
    return app


def _reads_from(reader: Somebody, group: Group) -> list[str]:
    """Return the servers that have answered a request."""
    timing = reader.ask("GET", f"{group.path}/messages").headers["Server-Timing"]
    return re.findall(r'\b(db|replica);dur=[\d.]+;desc="\d+ quer', timing)


def test_a_timeline_that_nobody_has_changed_is_read_from_the_replica(
    group: Group, ann: Somebody
) -> None:
    wait_for(lambda: _reads_from(ann, group) == ["replica"])


def test_everybody_sees_what_was_acknowledged_while_the_replica_shows_nothing(
    group: Group, ann: Somebody, ben: Somebody
) -> None:
    place = f"{group.path}/messages"
    with cluster().paused():
        message = ann.send(group.path, "c1")["id"]
        assert ben.do("GET", place)["items"][-1]["id"] == message
        ann.do("PATCH", f"{place}/{message}", {"body": "edited"})
        assert ben.do("GET", f"{place}/{message}")["body"] == "edited"
        ben.do("PUT", f"{place}/{message}/reactions/👍")
        assert ann.do("GET", place)["items"][-1]["reactions"][0]["user_ids"] == [ben.id]
        ann.do("DELETE", f"{place}/{message}")
        assert ben.do("GET", place)["items"][-1]["body"] is None
        assert ben.do("GET", f"{group.path}/changes?after=2")["items"]


def test_who_is_removed_is_out_and_who_is_added_is_in_while_the_replica_shows_nothing(
    app: Flask, group: Group, ann: Somebody, ben: Somebody
) -> None:
    cyd = Somebody(app.test_client())
    with cluster().paused():
        group.change("member_removed", ben)
        group.change("members_added", cyd)
        group.bring(2)
        group.bring(3)
        assert ben.ask("GET", f"{group.path}/messages").status_code == 404
        assert cyd.notices(group.path) == ["created", "member_removed", "members_added"]
        assert ann.notices(group.path) == cyd.notices(group.path)


def test_time_does_not_run_backwards_in_a_timeline_while_the_replica_lags(
    group: Group, ann: Somebody, ben: Somebody
) -> None:
    seen = 0
    for number in range(30):
        if number % 10 == 0:
            cluster().replica.ask("SELECT pg_wal_replay_pause()")
        elif number % 10 == 5:
            cluster().replica.ask("SELECT pg_wal_replay_resume()")
        ann.send(group.path, f"c{number}")
        last_seq = ben.do("GET", f"{group.path}/messages")["last_seq"]
        assert last_seq >= max(seen, number + 2)
        seen = last_seq


def test_people_go_on_reading_while_the_primary_is_away(
    settings: Settings, conversations: Conversations
) -> None:
    servers = Cluster()
    try:
        url = servers.database("d")
        places = {
            "database_url": PostgresDsn(url),
            "replica_url": PostgresDsn(servers.at_replica(url)),
        }
        app = _app(settings.model_copy(update=places), conversations)
        ann = Somebody(app.test_client())
        group = Group(app.test_client(), conversations, ann)
        group.bring(1)
        ann.send(group.path, "c1")
        wait_for(lambda: _reads_from(ann, group) == ["replica"])
        servers.primary.kill()
        body = {"client_id": "c2", "body": "hello"}
        sent = ann.ask("POST", f"{group.path}/messages", body)
        assert sent.status_code == 503
        assert "#busy" in sent.text
        assert int(sent.headers["Retry-After"]) >= 1
        assert ann.do("GET", f"{group.path}/messages")["last_seq"] == 2
        servers.primary.start()
        ann.send(group.path, "c2")
        assert ann.do("GET", f"{group.path}/messages")["last_seq"] == 3
        services.of(app).get(Database).close()
    finally:
        servers.close()
