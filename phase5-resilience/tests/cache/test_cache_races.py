"""The interleavings in which a naive cache goes wrong, each forced to happen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from caching import RedisServer, Somebody, app_on, outcome, until_on
from flask import Flask

from chassis import services
from chassis.cache.versioned import VersionedDocuments
from chat.conversations.lists import Lists

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


@pytest.fixture
def people(cached: Flask) -> tuple[Somebody, Somebody]:
    """Ann and Ben; nothing of them is cached."""
    return Somebody(cached), Somebody(cached)


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


def test_a_crash_after_the_commit_of_a_new_name_leaves_nothing_stale(
    tmp_path: Path, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing between the commit and the new version: the commit makes it."""
    first = until_on(app_on(tmp_path / "data", redis.url))
    ann = Somebody(first)
    group = ann.group()
    ann.list()
    monkeypatch.setattr(services.of(first).get(Lists), "bring", _crash)
    with pytest.raises(SystemExit):
        ann.do("PATCH", f"/conversations/{group}", {"name": "committed"})
    for app in (first, until_on(app_on(tmp_path / "data", redis.url))):
        assert ann.at(app).list()[0]["name"] == "committed"


def _crash(*_: object) -> None:
    raise SystemExit
