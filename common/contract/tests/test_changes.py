"""Catching up: who was away from rev N on knows everything again, in bounded pages."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from client import Json, Person
from client.catch_up import Timeline


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Run `work` over and over in another thread, at least once, until the block ends."""
    ended = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
            while not ended.is_set():
                work()
        except BaseException as failure:  # noqa: BLE001 - raised again below
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]


def change_everything(ada: Person, bob: Person, group_id: str) -> list[Json]:
    """Make one change of each kind, and return the messages that existed before, as they were."""
    messages = [ada.send(group_id, f"Message {number}") for number in range(6)]
    ada.edit(messages[0], "Edited")
    ada.delete(messages[1])
    bob.react(messages[2], "👍")
    bob.react(messages[2], "🎉")
    bob.unreact(messages[2], "👍")
    ada.rename(group_id, "Renamed")
    bob.send(group_id, "Reply", reply_to=messages[3]["id"])
    return messages


def test_every_change_raises_the_rev_by_one(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    revs = [
        sent["rev"],
        bob.react(sent, "👍").json["rev"],
        ada.edit(sent, "Edited").json["rev"],
        bob.unreact(sent, "👍").json["rev"],
        ada.rename(group_id, "Renamed").json["rev"],
        bob.send(group_id)["rev"],
        ada.delete(sent).json["rev"],
    ]
    assert revs == list(range(2, 9))
    assert bob.conversation(group_id)["rev"] == 8


@pytest.mark.short
def test_a_client_that_was_away_catches_up(ada: Person, bob: Person, group_id: str) -> None:
    client = Timeline(bob, group_id).catch_up()
    change_everything(ada, bob, group_id)
    assert client.catch_up().in_order == ada.history(group_id)
    assert client.rev == ada.conversation(group_id)["rev"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_catching_up_comes_in_bounded_pages(
    ada: Person, bob: Person, group_id: str, limit: int
) -> None:
    change_everything(ada, bob, group_id)
    client = Timeline(bob, group_id).catch_up(limit)
    assert client.in_order == ada.history(group_id)
    assert client.largest_page <= limit


def test_each_changed_message_comes_once_in_its_present_state(
    ada: Person, bob: Person, group_id: str
) -> None:
    messages = [ada.send(group_id) for _ in range(3)]
    away_since = bob.conversation(group_id)["rev"]
    ada.edit(messages[0], "Edited once")
    ada.react(messages[2], "👍")
    final = ada.edit(messages[0], "Edited twice").json
    page = bob.page_of_changes(group_id, away_since)
    assert [message["id"] for message in page["items"]] == [messages[2]["id"], messages[0]["id"]]
    assert page["items"][1] == final
    assert page["rev"] == away_since + 3
    assert not page["has_more"]


def test_from_any_rev_on_one_learns_all_that_came_later(
    ada: Person, bob: Person, group_id: str
) -> None:
    change_everything(ada, bob, group_id)
    history = ada.history(group_id)
    for rev in range(ada.conversation(group_id)["rev"] + 1):
        page = bob.page_of_changes(group_id, rev, limit=100)
        expected = sorted((one for one in history if one["rev"] > rev), key=lambda one: one["rev"])
        assert page["items"] == expected


def test_changes_made_while_one_pages_are_not_missed(
    ada: Person, bob: Person, cem: Person, group_id: str
) -> None:
    messages = [ada.send(group_id, f"Message {number}") for number in range(40)]
    client = Timeline(bob, group_id)
    count = 0

    def change() -> None:
        nonlocal count
        message = messages[(count * 7) % len(messages)]
        if count % 9 == 8:
            ada.delete(message)
        elif count % 3 == 0:
            ada.edit(message, f"Edit {count}", expect=(200, 409))
        else:
            cem.react(message, "👍", expect=(200, 409))
            cem.unreact(message, "👍", expect=(200, 409))
        count += 1

    with meanwhile(change):
        while len(client.messages) < len(messages) + 1 or count < 30:
            client.take_in(bob.page_of_changes(group_id, client.rev, 4))
    assert client.catch_up(4).in_order == ada.history(group_id)


def test_a_page_of_history_and_the_changes_after_it_are_everything(
    ada: Person, bob: Person, group_id: str
) -> None:
    """A client that opens a conversation: the newest page, then `changes` from that page's rev."""
    messages = [ada.send(group_id) for _ in range(5)]
    page = bob.page_of_history(group_id, limit=100)
    change_everything(ada, bob, group_id)
    ada.edit(messages[0], "Edited")
    client = Timeline(bob, group_id)
    client.messages = {message["id"]: message for message in page["items"]}
    client.rev = page["rev"]
    assert client.catch_up(3).in_order == ada.history(group_id)


def test_who_knows_everything_gets_nothing(ada: Person, group_id: str) -> None:
    rev = ada.conversation(group_id)["rev"]
    for after in (rev, rev + 1, 2**53 - 1):
        page = ada.page_of_changes(group_id, after)
        assert page["items"] == []
        assert not page["has_more"]
        assert page["rev"] == rev
        assert page["next_after"] >= rev


def test_what_changes_nothing_raises_no_rev(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    ada.mark_read(group_id, 1)
    ada.send(group_id, sent["body"], client_id=sent["client_id"], expect=200)
    ada.add(group_id, bob)
    ada.edit(sent, "", expect=422)
    bob.edit(sent, "Not mine", expect=403)
    assert ada.conversation(group_id)["rev"] == sent["rev"]


@pytest.mark.parametrize("after", [None, "-1", "x", "", "1.5", str(2**53), "9" * 30])
def test_absurd_revs_are_refused(ada: Person, group_id: str, after: str | None) -> None:
    params = {} if after is None else {"after": after}
    path = f"/conversations/{group_id}/changes"
    assert ada.call("GET", path, params=params, expect=422).fields == {"after"}
