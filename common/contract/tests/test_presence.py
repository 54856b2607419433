"""Presence: who is online, to whom it is told, and several tabs of one person."""

from collections.abc import Callable

import pytest
from client import Aging, Person, Socket, eventually

Open = Callable[[Person], Socket]


@pytest.fixture
def grace(newcomer: Callable[[], Person], ada: Person) -> Person:
    """Somebody without any socket, who shares a conversation with Ada."""
    person = newcomer()
    ada.start_direct(person)
    return person


def is_told(asker: Person, other: Person, *, online: bool) -> None:
    def seen() -> None:
        assert asker.presence(other) == {other.id: online}

    eventually(seen)


@pytest.mark.short
def test_coming_and_going_is_told_to_those_who_share_a_conversation(
    ada: Person, dora: Person, grace: Person, open_socket: Open
) -> None:
    watcher, stranger = open_socket(ada), open_socket(dora)
    is_told(ada, grace, online=False)
    socket = open_socket(grace)
    watcher.wait_for("presence", user_id=grace.id, online=True)
    is_told(ada, grace, online=True)
    socket.close()
    watcher.wait_for("presence", user_id=grace.id, online=False)
    is_told(ada, grace, online=False)
    assert not stranger.seen("presence", user_id=grace.id)


def test_several_tabs_are_one_presence(
    ada: Person, bob: Person, grace: Person, open_socket: Open
) -> None:
    watcher = open_socket(ada)
    first = open_socket(grace)
    watcher.wait_for("presence", user_id=grace.id, online=True)
    second = open_socket(grace.login())
    first.close()
    sent = bob.send(ada.start_group(bob)["id"])
    watcher.wait_for_message("message.created", sent["id"])
    assert not watcher.seen("presence", user_id=grace.id, online=False)
    assert ada.presence(grace) == {grace.id: True}
    second.close()
    watcher.wait_for("presence", user_id=grace.id, online=False)


def test_logging_out_is_going(ada: Person, grace: Person, open_socket: Open) -> None:
    watcher = open_socket(ada)
    device = grace.login()
    open_socket(device)
    watcher.wait_for("presence", user_id=grace.id, online=True)
    device.logout()
    watcher.wait_for("presence", within=4, user_id=grace.id, online=False)


def test_a_lost_connection_shows_within_half_a_minute(ada: Person, aging: Aging) -> None:
    aging.wait()
    assert ada.presence(aging.lost) == {aging.lost.id: False}


def test_one_may_ask_about_oneself(grace: Person, open_socket: Open) -> None:
    is_told(grace, grace, online=False)
    open_socket(grace)
    is_told(grace, grace, online=True)


def test_strangers_are_left_out(
    ada: Person, dora: Person, grace: Person, open_socket: Open
) -> None:
    open_socket(grace)
    is_told(ada, grace, online=True)
    nobody = Person(ada.api, "", "", {"user_id": "019ab2c4-0000-7000-8000-000000000000"})
    assert set(dora.presence(dora, grace, nobody)) == {dora.id}
    assert grace.presence(dora, ada).keys() == {ada.id}


def test_who_shares_nothing_any_more_is_left_out(
    ada: Person, newcomer: Callable[[], Person]
) -> None:
    other = newcomer()
    group_id = ada.start_group(other)["id"]
    assert other.id in ada.presence(other)
    ada.remove(group_id, other)

    def seen() -> None:
        assert ada.presence(other) == {}

    eventually(seen)


@pytest.mark.parametrize("count", [0, 101])
def test_asking_has_a_limit(ada: Person, count: int) -> None:
    ids = ",".join(f"019ab2c4-0000-7000-8000-000000000{number:03x}" for number in range(count))
    fields = ada.call("GET", "/presence", params={"ids": ids}, expect=422).fields
    assert {field.partition(".")[0] for field in fields} == {"ids"}
