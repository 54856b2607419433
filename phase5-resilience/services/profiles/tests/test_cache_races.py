"""The interleavings in which a naive cache goes wrong, each forced to happen."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from playing import Somebody, app_on, until_on
from redises import RedisServer, outcome
from waiting import wait_for

from chassis import services
from chassis.cache.aside import CacheAside
from profiles.cached import CachedProfiles
from profiles.service import ProfileService

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
    after = ben.ask("GET", f"/{ann.id}")
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


def test_a_deletion_that_fails_is_made_up_for(tmp_path: Path, redis: RedisServer) -> None:
    app = until_on(app_on(tmp_path / "data", cache_url=redis.url, cache_timeout=0.2))
    ann, ben = Somebody(app), Somebody(app)
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    with redis.stopped():
        ann.rename("New")
        assert ben.name(ann.id) == "New"
    wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
    assert ben.name(ann.id) == "New"
