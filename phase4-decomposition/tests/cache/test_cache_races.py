"""The interleavings in which a naive cache goes wrong, each forced to happen."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from caching import RedisServer, Somebody, app_on, outcome, until_on
from flask import Flask
from running import Person, Server, wait_for

from chassis import services
from chassis.cache.aside import CacheAside
from chassis.cache.versioned import VersionedDocuments
from chassis.database import Database
from chat.profiles.cached import CachedProfiles
from chat.profiles.service import ProfileService

Then = Callable[[], object]


def once(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, then: Then, when: str) -> None:
    """Let something happen before or after the next call of a method, in the midst of a request."""
    real = getattr(owner, method)
    due = [then]

    def hooked(self: Any, *args: Any, **kwargs: Any) -> Any:
        happen = due.pop() if due else lambda: None
        if when == "before":
            happen()
        result = real(self, *args, **kwargs)
        if when == "after":
            happen()
        return result

    monkeypatch.setattr(owner, method, hooked)


def in_background(work: Callable[[], object]) -> threading.Thread:
    """Do something that may end in a lost connection."""

    def run() -> None:
        with contextlib.suppress(httpx.TransportError):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def people(cached: Flask) -> tuple[Somebody, Somebody]:
    """Ann and Ben; nothing of them is cached."""
    return Somebody(cached), Somebody(cached)


# Profiles: deleted after the commit, stored in the place of a lease only


def _edited_while_being_read(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Ben reads Ann's profile; she edits, commits, deletes; he stores. What does he read next?"""
    ann, ben = people
    once(monkeypatch, CachedProfiles, "_load", lambda: ann.rename("New"), "after")
    assert ben.name(ann.id) == "P", "he read it before"
    return ben.name(ann.id)


def test_what_was_read_before_a_commit_is_not_stored_after_it(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _edited_while_being_read(people, monkeypatch) == "New"


class Naive:
    """What is often written instead."""

    def __init__(self) -> None:
        self._stored: dict[str, Any] = {}

    def read(self, ids: Sequence[str], load: Callable[[Sequence[str]], dict[str, Any]]) -> Any:
        missing = [one for one in ids if one not in self._stored]
        if missing:
            self._stored |= load(missing)
        return self._stored

    def forget(self, ids: Sequence[str]) -> None:
        for one in ids:
            self._stored.pop(one, None)


def test_a_naive_cache_shows_a_stale_profile_after_the_same_interleaving(
    cached: Flask, people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the test above would prove nothing."""
    monkeypatch.setattr(services.of(cached).get(ProfileService), "_kept", Naive())
    assert _edited_while_being_read(people, monkeypatch) == "P"


def test_who_reads_after_the_deletion_makes_no_room_for_who_read_before(
    cached: Flask, people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old reader comes to store while a new one is about to: both have read, neither stored."""
    ann, ben = people
    real = CachedProfiles._load
    new_has_read, old_has_stored = threading.Event(), threading.Event()
    loads: list[Sequence[str]] = []

    def load(self: CachedProfiles, user_ids: Sequence[str]) -> Any:
        found = real(self, user_ids)
        loads.append(user_ids)
        if len(loads) == 1:
            ann.rename("New")
            threads.append(in_background(lambda: ann.at(cached).name(ann.id)))
            assert new_has_read.wait(10)
        else:
            new_has_read.set()
            assert old_has_stored.wait(10)
        return found

    threads: list[threading.Thread] = []
    monkeypatch.setattr(CachedProfiles, "_load", load)
    assert ben.name(ann.id) == "P", "he read it before"
    monkeypatch.setattr(CachedProfiles, "_load", real)
    assert ben.name(ann.id) == "New"
    old_has_stored.set()
    threads[0].join(10)
    assert len(loads) == 2
    after = ben.ask("GET", f"/profiles/{ann.id}")
    assert outcome(after) == "hit"
    assert after.json is not None
    assert after.json["display_name"] == "New"


@pytest.mark.parametrize("reads", [0, 1], ids=["nobody reads", "somebody reads"])
def test_two_writers_leave_what_the_later_one_wrote(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """The first commits, and before it deletes, the second commits and deletes."""
    ann, ben = people

    def second() -> None:
        ann.rename("Second")
        if reads:
            assert ben.name(ann.id) == "Second"

    ben.name(ann.id)
    once(monkeypatch, CacheAside, "forget", second, "before")
    ann.rename("First")
    assert [ben.name(ann.id), ben.name(ann.id), ann.name()] == ["Second"] * 3


def test_a_crash_between_commit_and_deletion_leaves_nothing_stale(
    tmp_path: Path, redis: RedisServer
) -> None:
    """For real: Redis stands still, so the deletion hangs, and the process is killed there."""
    server = Server(
        tmp_path / "data", CHAT_CACHE_URL=redis.url, CHAT_CACHE_TIMEOUT="5", CHAT_LOG_LEVEL="ERROR"
    ).start()
    try:
        ann, ben = Person(server.url), Person(server.url)
        uncached = app_on(tmp_path / "data", "redis://127.0.0.1:1/0")
        for _ in range(2):
            ben.http.get(f"/profiles/{ann.id}")
        assert redis.stored(f"*:profile:{ann.id}")
        with redis.stopped():
            request = in_background(
                lambda: ann.http.patch("/profiles/me", json={"display_name": "New"})
            )
            wait_for(lambda: Somebody(uncached, ben.tokens).name(ann.id) == "New")
            assert request.is_alive(), "it must not have been acknowledged yet"
            server.kill()
            request.join(10)
        server.start()
        assert ben.http.get(f"/profiles/{ann.id}").json()["display_name"] == "New"
    finally:
        server.stop()


def test_a_deletion_that_fails_is_made_up_for(tmp_path: Path, redis: RedisServer) -> None:
    app = until_on(app_on(tmp_path / "data", redis.url, timeout=0.2))
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ben.ask("GET", f"/profiles/{ann.id}")) == "hit")
    with redis.stopped():
        ann.rename("New")
        assert ben.name(ann.id) == "New"
    wait_for(lambda: outcome(ben.ask("GET", f"/profiles/{ann.id}")) == "hit")
    assert ben.name(ann.id) == "New"


# Lists: a version from the database


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_list_read_before_a_commit_is_stored_under_the_version_it_was_read_at(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Ben reads the list from the database; Ann sends; he stores what he read."""
    ann, ben = people
    group = ann.group(ben)
    once(monkeypatch, VersionedDocuments, "put", lambda: ann.send(group, "new"), moment)
    ben.list()
    for reader in (ann, ben):
        assert [one["last_message"]["body"] for one in reader.list()] == ["new"]


def test_what_changes_between_token_and_fill_is_stored_under_its_own_version(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says rev 1; when the conversation is read, it is at rev 2 already."""
    ann, ben = people
    group = ann.group(ben)
    once(monkeypatch, VersionedDocuments, "get", lambda: ann.send(group, "new"), "after")
    (seen,) = ben.list()
    assert (seen["rev"], seen["last_seq"], seen["unread_count"]) == (2, 2, 2)
    assert seen["last_message"]["body"] == "new"
    again = ben.ask("GET", "/conversations")
    assert outcome(again) == "hit"
    assert again.json is not None
    assert again.json["items"] == [seen]


def test_two_writers_of_one_list_leave_the_later_state(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = people
    group = ann.group(ben)

    def both() -> None:
        ann.send(group, "one")
        ben.send(group, "two")

    once(monkeypatch, VersionedDocuments, "put", both, "before")
    ann.list()
    for reader in (ann, ben, ann, ben):
        assert [one["last_message"]["body"] for one in reader.list()] == ["two"]


@pytest.mark.parametrize("step", ["get", "put"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_who_is_removed_while_the_list_is_being_cached_does_not_see_it_again(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    ann, ben = people
    group = ann.group(ben)

    def remove() -> None:
        ann.do("DELETE", f"/conversations/{group}/members/{ben.id}")

    once(monkeypatch, VersionedDocuments, step, remove, moment)
    ben.list()
    assert ben.list() == []
    assert [one["member_count"] for one in ann.list()] == [1]


def test_who_is_removed_before_the_conversation_is_read_learns_nothing_of_it(
    people: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = people
    group = ann.group(ben)

    def remove_and_talk() -> None:
        ann.do("DELETE", f"/conversations/{group}/members/{ben.id}")
        ann.send(group, "between us")

    once(monkeypatch, VersionedDocuments, "get", remove_and_talk, "after")
    assert ben.list() == []


def test_a_crash_after_the_commit_of_a_send_leaves_nothing_stale(
    tmp_path: Path, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing between the commit and the new version: the commit makes it."""
    first = until_on(app_on(tmp_path / "data", redis.url))
    ann = Somebody(first)
    group = ann.group()
    ann.list()
    monkeypatch.setattr(services.of(first).get(Database)._publisher, "publish", _crash)
    with pytest.raises(SystemExit):
        ann.send(group, "committed")
    for app in (first, until_on(app_on(tmp_path / "data", redis.url))):
        assert ann.at(app).list()[0]["last_message"]["body"] == "committed"


def _crash(*_: object) -> None:
    raise SystemExit
