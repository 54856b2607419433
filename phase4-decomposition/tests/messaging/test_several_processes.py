"""Several web processes on one database, one Redis: what one writes, all show."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from brokers import Host, Worker
from caching import RedisServer, Somebody, app_on, outcome, until_on
from flask import Flask
from postgres import cluster
from redis.exceptions import RedisError
from running import Person, Server
from waiting import wait_for

from chassis import services
from chassis.cache.link import Link
from chat.profiles.cached import CachedProfiles

Start = Callable[..., Worker]


@pytest.fixture
def pair(tmp_path: Path, redis: RedisServer) -> tuple[Flask, Flask]:
    """Two applications as two processes have them, both with the cache."""
    first, second = (until_on(app_on(tmp_path, redis.url)) for _ in range(2))
    wait_for(lambda: Somebody(first).name() and _epoch(first) == _epoch(second))
    return first, second


def _link(app: Flask) -> Link:
    return services.of(app).get(Link)


def _epoch(app: Flask) -> str:
    epoch = _link(app).epoch()
    return epoch.name if epoch else ""


def _cut(app: Flask) -> None:
    """Let one process alone lose its link."""
    epoch = _link(app).epoch()
    assert epoch is not None
    _link(app)._end(epoch, RedisError("cut"))


def _cached(reader: Somebody, user_id: str) -> str:
    """Return a name that came out of the cache."""
    wait_for(lambda: outcome(reader.ask("GET", f"/profiles/{user_id}")) == "hit")
    return reader.name(user_id)


def test_they_share_what_is_cached_and_what_is_deleted(pair: tuple[Flask, Flask]) -> None:
    ann, ben = (Somebody(app) for app in pair)
    assert _cached(ben, ann.id) == "P"
    assert outcome(ann.ask("GET", f"/profiles/{ann.id}")) == "hit", "which the other has stored"
    for number in range(10):
        writer = ann.at(pair[number % 2])
        writer.rename(f"N{number}")
        names = [who.name(ann.id) for who in (ann.at(pair[0]), ann.at(pair[1]), ben)]
        assert names == [f"N{number}"] * 3


@pytest.mark.parametrize("reader", [0, 1])
def test_what_one_has_read_before_the_other_commits_is_not_stored_after_it(
    pair: tuple[Flask, Flask], monkeypatch: pytest.MonkeyPatch, reader: int
) -> None:
    ann, ben = Somebody(pair[1 - reader]), Somebody(pair[reader])
    real, due = CachedProfiles._load, [lambda: ann.rename("New")]

    def load(self: CachedProfiles, user_ids: Any) -> Any:
        found = real(self, user_ids)
        if due:
            due.pop()()
        return found

    monkeypatch.setattr(CachedProfiles, "_load", load)
    assert ben.name(ann.id) == "P", "it was read before"
    assert [who.name(ann.id) for who in (ben, ann)] == ["New", "New"]


def test_a_deletion_in_an_epoch_that_another_has_ended_is_made_in_the_present_one(
    pair: tuple[Flask, Flask],
) -> None:
    ann, ben = (Somebody(app) for app in pair)
    before = _epoch(pair[0])
    _cut(pair[1])
    until_on(pair[1])
    assert _cached(ben, ann.id) == "P"
    assert _epoch(pair[0]) == before, "the first has not heard of it"
    ann.rename("New")
    assert ben.name(ann.id) == "New"
    assert _epoch(pair[0]) == _epoch(pair[1]) != before


def test_what_one_could_not_delete_no_other_reads_once_it_is_back(
    pair: tuple[Flask, Flask],
) -> None:
    ann, ben = (Somebody(app) for app in pair)
    assert _cached(ben, ann.id) == "P"
    _cut(pair[0])
    ann.rename("New")
    assert ann.name() == "New", "who acted sees it here: nothing is asked of the cache"
    until_on(pair[0])
    assert ben.name(ann.id) == "New"


def test_a_deletion_that_is_missed_while_an_epoch_begins_is_in_none_that_others_read(
    pair: tuple[Flask, Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins for others before it is this one's own, and in between something is changed."""
    ann, ben = (Somebody(app) for app in pair)
    _cut(pair[0])
    real, due = Link._begun, [True]

    def begun(self: Link, epoch: Any) -> bool:
        if not due or self is not _link(pair[0]):
            return real(self, epoch)
        due.pop()
        epoch.begin()
        assert _cached(ben, ann.id) == "P"
        ann.rename("New")
        with self._lock:
            if not self._missed:
                self._epoch = epoch
        return not self._missed

    monkeypatch.setattr(Link, "_begun", begun)
    until_on(pair[0])
    assert [who.name(ann.id) for who in (ben, ann)] == ["New", "New"]


def test_when_redis_has_forgotten_the_epoch_a_new_one_begins(
    pair: tuple[Flask, Flask], redis: RedisServer
) -> None:
    ann, ben = (Somebody(app) for app in pair)
    assert _cached(ben, ann.id) == "P"
    redis.client.delete("chat:1:epoch")
    ann.rename("New")
    assert ben.name(ann.id) == "New"
    for app in pair:
        until_on(app)
    assert _cached(ben, ann.id) == "New"


def test_who_dies_between_commit_and_deletion_is_made_up_for_by_the_event(
    pair: tuple[Flask, Flask],
    redis: RedisServer,
    host: Host,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_CACHE_URL", redis.url)
    monkeypatch.setenv("CHAT_CACHE_TIMEOUT", "5")
    ann, ben = (Somebody(app) for app in pair)
    start("chat.relay")
    consumer = start("chat.consumers.cache")
    wait_for(lambda: consumer.said("consumer.connected") and consumer.said("cache.on"), 20)
    assert _cached(ben, ann.id) == "P"
    monkeypatch.setattr("chassis.cache.aside.CacheAside.forget", lambda *_: False)
    ann.rename("New")
    wait_for(lambda: ben.name(ann.id) == "New")
    assert host.take("dead-letters") == []


@pytest.fixture
def servers(tmp_path: Path, redis: RedisServer) -> Iterator[list[Server]]:
    """Two servers with everything: a primary, its replica, a cache."""
    found = [Server(tmp_path, CHAT_CACHE_URL=redis.url, CHAT_CACHE_TIMEOUT="2") for _ in range(2)]
    for server in found:
        url = server._environment["CHAT_DATABASE_URL"]
        server._environment["CHAT_REPLICA_URL"] = cluster().at_replica(url)
        server.start()
    yield found
    for server in found:
        server.stop()


def test_who_acts_sees_it_at_once_at_either_even_if_the_replica_stands_still(
    servers: list[Server],
) -> None:
    ann, ben = (Person(server.url) for server in servers)
    group = ann.group(ben)
    headers = dict(ann.http.headers)
    anns = [
        httpx.Client(base_url=f"{one.url}/api/v1", headers=headers, timeout=15) for one in servers
    ]
    with cluster().paused():
        for number in range(8):
            here, there = anns[number % 2], anns[1 - number % 2]
            here.patch("/profiles/me", json={"display_name": f"N{number}"}).raise_for_status()
            assert there.get("/profiles/me").json()["display_name"] == f"N{number}"
            body = {"client_id": f"c{number}", "body": f"m{number}"}
            here.post(f"/conversations/{group}/messages", json=body).raise_for_status()
            for client in (there, here, ben.http):
                items = client.get(f"/conversations/{group}/messages").json()["items"]
                assert items[-1]["body"] == f"m{number}"
            (listed,) = there.get("/conversations").json()["items"]
            assert listed["last_message"]["body"] == f"m{number}"
    began = time.monotonic()
    wait_for(lambda: ben.http.get(f"/profiles/{ann.id}").json()["display_name"] == "N7")
    assert time.monotonic() - began < 2
