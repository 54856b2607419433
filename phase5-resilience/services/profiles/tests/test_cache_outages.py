"""Redis stands still, is restored, holds what nobody stored: no old profile is shown."""

from pathlib import Path

import pytest
from flask import Flask
from playing import Somebody, app_on, until_on
from redises import RedisServer, outcome
from waiting import wait_for

TIMEOUT = 0.2


@pytest.fixture
def app(tmp_path: Path, redis: RedisServer) -> Flask:
    """The service, which gives Redis a fifth of a second."""
    data = tmp_path / "data"
    return until_on(app_on(data, cache_url=redis.url, cache_timeout=TIMEOUT))


def test_what_was_cached_before_it_stood_still_is_never_served_after(
    app: Flask, redis: RedisServer
) -> None:
    """The deletion gets lost; the old value is still there when Redis answers again."""
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    old = {key: redis.value(key) for key in redis.stored(f"*:profile:{ann.id}")}
    assert old
    with redis.stopped():
        ann.rename("New")
    redis.client.mset(old)
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    assert {key: redis.value(key) for key in old} == old, "it lies there, and nobody asks for it"
    assert ben.name(ann.id) == "New"


def test_a_redis_that_is_restored_from_a_copy_serves_nothing_old(
    app: Flask, redis: RedisServer
) -> None:
    """Nobody asks while it is away, so nobody finds it gone: a new connection finds another run."""
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    redis.client.save()
    ann.rename("New")
    redis.kill()
    redis.start()
    assert redis.stored(f"*:profile:{ann.id}"), "the copy has the old profile"
    assert ben.name(ann.id) == "New"


def test_values_that_have_changed_places_are_not_served(app: Flask, redis: RedisServer) -> None:
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ann.ask("GET", f"?ids={ann.id},{ben.id}")) == "hit")
    one, other = redis.stored("*:profile:*")
    redis.client.rename(one, "kept")
    redis.client.rename(other, one)
    redis.client.rename("kept", other)
    people = ann.do("GET", f"?ids={ann.id},{ben.id}")["items"]
    assert [person["id"] for person in people] == [ann.id, ben.id]


@pytest.mark.parametrize(
    "nonsense", [b"", b"nonsense", b"{}", b"[]", b'["other", {}]', b"[1]", b"7"]
)
def test_a_value_that_nobody_here_has_stored_is_not_served(
    app: Flask, redis: RedisServer, nonsense: bytes
) -> None:
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    for key in redis.stored("*:profile:*"):
        redis.client.set(key, nonsense)
    assert ben.name(ann.id) == "P"
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    assert ben.name(ann.id) == "P"
