"""Redis down, slow, full, emptied, restored, talking nonsense: people notice nothing but time."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from caching import PAUSE, Pretender, RedisServer, Somebody, app_on, free_port, outcome, until_on
from flask import Flask
from redis import Redis
from running import wait_for

from chassis import services
from chassis.cache.link import Link
from chassis.redaction import Fields

TIMEOUT = 0.2
COMMANDS = 2
"""How many commands a request gives at most."""
EXTRA = 5.0
"""Seconds that a busy machine may add; without a time-out it would be all of them."""


def at_work(app: Flask) -> tuple[Somebody, Somebody, str]:
    """Return two people who have a conversation, and its id."""
    ann, ben = Somebody(app), Somebody(app)
    return ann, ben, ann.group(ben)


def use_everything(ann: Somebody, ben: Somebody, group: str, mark: str) -> None:
    """Change and read all that is cached; each answer must be right, and in time."""

    in_time(ann.send, group, f"text {mark}")
    for reader in (ann, ben):
        assert in_time(reader.list)[0]["last_message"]["body"] == f"text {mark}"


def in_time(ask: Callable[..., Any], *arguments: str) -> Any:
    """Make a request; no failing Redis may hold it up for long."""
    began = time.monotonic()
    result = ask(*arguments)
    assert time.monotonic() - began < COMMANDS * TIMEOUT + EXTRA
    return result


def until_used(somebody: Somebody) -> None:
    """Wait until the cache is used again."""
    wait_for(lambda: outcome(somebody.ask("GET", "/conversations")) == "hit")


def said(written: list[Fields]) -> list[str]:
    """Return `on` or `off` for every line that the link has logged."""
    events = [line["event"].partition(".") for line in written]
    return [what for whose, _, what in events if whose == "cache"]


@pytest.fixture
def app(tmp_path: Path, redis: RedisServer, written: list[Fields]) -> Flask:
    """An application that gives Redis a fifth of a second; what it said at first is forgotten."""
    app = until_on(app_on(tmp_path / "data", redis.url, TIMEOUT))
    written.clear()
    return app


def test_a_redis_that_was_never_there(tmp_path: Path, written: list[Fields]) -> None:
    app = app_on(tmp_path, f"redis://127.0.0.1:{free_port()}/0", TIMEOUT)
    people = at_work(app)
    for number in range(5):
        use_everything(*people, str(number))
    time.sleep(PAUSE)  # and now it is tried once more
    use_everything(*people, "later")
    assert said(written) == ["off"]


def test_a_redis_that_dies_and_comes_back_empty(
    app: Flask, redis: RedisServer, written: list[Fields]
) -> None:
    people = at_work(app)
    until_used(people[0])
    redis.kill()
    for number in range(5):
        use_everything(*people, str(number))
    assert said(written) == ["off"]
    redis.start()
    until_used(people[0])
    use_everything(*people, "back")
    assert said(written) == ["off", "on"]


def test_a_redis_that_does_not_answer_costs_one_time_out(
    app: Flask, redis: RedisServer, written: list[Fields]
) -> None:
    people = at_work(app)
    until_used(people[0])
    with redis.stopped():
        use_everything(*people, "meanwhile")
        began = time.monotonic()
        asked = 0
        while time.monotonic() - began < PAUSE / 2:
            people[0].list()
            asked += 1
        assert asked > 1, "only the first request waited"
    until_used(people[0])
    use_everything(*people, "back")
    assert said(written) == ["off", "on"]


def test_a_full_redis_is_left_alone_until_it_has_room(
    tmp_path: Path, app: Flask, redis: RedisServer, written: list[Fields]
) -> None:
    """Full, and told to evict nothing: it takes deletions, and refuses values."""
    people = at_work(app)
    until_used(people[0])
    redis.client.config_set("maxmemory-policy", "noeviction")
    redis.client.config_set("maxmemory", "1")
    for number in range(3):
        use_everything(*people, str(number))
        time.sleep(PAUSE)
    assert said(written) == ["off"]
    redis.client.config_set("maxmemory", "0")
    until_used(people[0])
    use_everything(*people, "back")


def test_a_small_redis_forgets_what_is_not_asked_for_and_goes_on(
    app: Flask, redis: RedisServer, written: list[Fields]
) -> None:
    """As compose.yaml has it: bounded, and the least recently used go."""
    people = at_work(app)
    until_used(people[0])
    redis.client.config_set("maxmemory-policy", "allkeys-lru")
    redis.client.config_set("maxmemory", redis.figure("memory", "used_memory") + 150_000)
    while redis.figure("stats", "evicted_keys") < 10:
        people[0].send(people[2])
        people[0].list()
    use_everything(*people, "still")
    assert said(written) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK\r\n",
        b"$-1\r\n",
        b"*1\r\n:7\r\n",
        b"-ERR no\r\n",
        b"$9\r\nnonsense!\r\n",
        b"\x00\xff" * 100,
        b"$999999999\r\nmore to come",
        b"",
    ],
    ids=lambda answer: repr(answer[:12]),
)
def test_a_redis_that_is_none(tmp_path: Path, written: list[Fields], answer: bytes) -> None:
    pretender = Pretender(answer)
    try:
        people = at_work(app_on(tmp_path, pretender.url, TIMEOUT))
        for number in range(3):
            use_everything(*people, str(number))
        wait_for(lambda: said(written) == ["off"])
    finally:
        pretender.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"+OK\r\n",
        b"$-1\r\n",
        b":1\r\n",
        b"*1\r\n$-1\r\n",
        b"*0\r\n",
        b"$2\r\n{}\r\n",
        b"-LOADING\r\n",
        b"?",
    ],
    ids=lambda answer: repr(answer[:12]),
)
def test_a_redis_that_begins_to_talk_nonsense(
    tmp_path: Path, redis: RedisServer, written: list[Fields], answer: bytes
) -> None:
    pretender = Pretender(None, port=redis.port)
    try:
        people = at_work(until_on(app_on(tmp_path / "data", pretender.url, TIMEOUT)))
        until_used(people[0])
        pretender.answer = answer
        for number in range(3):
            use_everything(*people, str(number))
        pretender.answer = None
        until_used(people[0])
        use_everything(*people, "good again")
        assert [one for one in said(written) if one == "off"] == ["off"]
    finally:
        pretender.close()


def test_an_answer_too_many_does_not_shift_the_others(tmp_path: Path, redis: RedisServer) -> None:
    """What nobody asked for lies in the connection when the next command comes."""
    pretender = Pretender(None, port=redis.port)
    try:
        ann, ben, group = at_work(until_on(app_on(tmp_path / "data", pretender.url, TIMEOUT)))
        until_used(ann)
        pretender.more = b"*1\r\n$-1\r\n"
        for number in range(5):
            use_everything(ann, ben, group, str(number))
    finally:
        pretender.close()


def test_an_answer_that_trickles_is_not_waited_for(tmp_path: Path) -> None:
    """Each byte is in time; all of them would take minutes."""
    pretender = Pretender(b"$5000\r\n" + b"x" * 5000, trickle=TIMEOUT / 4)
    try:
        use_everything(*at_work(app_on(tmp_path, pretender.url, TIMEOUT)), "anyway")
    finally:
        pretender.close()


def test_many_answers_that_are_each_in_time_are_not_waited_for(
    tmp_path: Path, redis: RedisServer
) -> None:
    pretender = Pretender(None, port=redis.port)
    try:
        app = until_on(app_on(tmp_path / "data", pretender.url, TIMEOUT))
        link = services.of(app).get(Link)
        epoch = link.epoch()
        assert epoch is not None
        pretender.answer, pretender.trickle = b"+OK\r\n" * 200, TIMEOUT / 10

        def set_many(client: Redis) -> object:
            pipeline = client.pipeline(transaction=False)
            for number in range(200):
                pipeline.set(str(number), "x")
            return pipeline.execute()

        began = time.monotonic()
        assert link.run(epoch, set_many) is None
        assert time.monotonic() - began < TIMEOUT + EXTRA
    finally:
        pretender.close()


def test_a_process_without_a_thread_to_spare_does_without_and_tries_again(
    app: Flask, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben, group = at_work(app)
    redis.kill()
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if thread.name == "cache":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start_others)
        time.sleep(2 * PAUSE)  # the link is tried again, and cannot be
        use_everything(ann, ben, group, "anyway")
    redis.start()
    until_used(ann)


@pytest.mark.parametrize("url", ["unix:///nowhere", "redis://no.such.host.invalid"])
def test_an_address_that_leads_nowhere_is_said_once(
    tmp_path: Path, written: list[Fields], url: str
) -> None:
    ann, ben, group = at_work(app_on(tmp_path, url, TIMEOUT))
    for number in range(3):
        use_everything(ann, ben, group, str(number))
        time.sleep(PAUSE)
    wait_for(lambda: said(written) == ["off"])


@pytest.mark.parametrize(
    "nonsense", [b"", b"nonsense", b"{}", b"[]", b'["other", {}]', b"[1]", b"7"]
)
def test_a_value_that_nobody_here_has_stored_is_not_served(
    app: Flask, redis: RedisServer, written: list[Fields], nonsense: bytes
) -> None:
    ann, ben, group = at_work(app)
    until_used(ann)
    for key in redis.stored("*:conversation:*"):
        redis.client.set(key, nonsense)
    assert [one["id"] for one in ben.list()] == [group]
    assert said(written) == ["off"]
    until_used(ann)
    use_everything(ann, ben, group, "after")
