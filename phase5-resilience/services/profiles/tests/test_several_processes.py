"""Several web processes on one database, one Redis: what one writes, all show."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brokers import Host, Worker, broker
from flask import Flask
from playing import Somebody, app_on, until_on
from postgres import address_of
from redis.exceptions import RedisError
from redises import RedisServer, outcome
from waiting import wait_for

from chassis import services
from chassis.cache.link import Link
from profiles.cached import CachedProfiles

Start = Callable[..., Worker]


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
def start(tmp_path: Path, host: Host) -> Iterator[Start]:
    """Start a process of profiles: a module."""
    started: list[Worker] = []

    def start(module: str) -> Worker:
        environment = {"CHAT_DATABASE_URL": address_of(tmp_path), **host.environment}
        started.append(Worker(tmp_path / f"{len(started)}.log", environment, "-m", module))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture
def pair(tmp_path: Path, redis: RedisServer) -> tuple[Flask, Flask]:
    """Two applications as two processes have them, both with the cache."""
    first, second = (
        until_on(app_on(tmp_path, cache_url=redis.url, cache_timeout=5)) for _ in range(2)
    )
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
    wait_for(lambda: outcome(reader.ask("GET", f"/{user_id}")) == "hit")
    return reader.name(user_id)


def test_they_share_what_is_cached_and_what_is_deleted(pair: tuple[Flask, Flask]) -> None:
    ann, ben = (Somebody(app) for app in pair)
    assert _cached(ben, ann.id) == "P"
    assert outcome(ann.ask("GET", f"/{ann.id}")) == "hit", "which the other has stored"
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
    start("profiles.relay")
    consumer = start("profiles.uncache")
    wait_for(lambda: consumer.said("consumer.connected") and consumer.said("cache.on"), 20)
    assert _cached(ben, ann.id) == "P"
    monkeypatch.setattr("chassis.cache.aside.CacheAside.forget", lambda *_: False)
    ann.rename("New")
    wait_for(lambda: ben.name(ann.id) == "New")
    assert host.take("dead-letters") == []
