"""Notifications: of what is meant for oneself, once, as long as it is there to be read."""

from collections.abc import Callable

import pytest
from client import Api, Json, Person, eventually

pytestmark = pytest.mark.capability("notifications")

NOTIFICATIONS = "/notifications"
PREFERENCES = f"{NOTIFICATIONS}/preferences"
BOUND = 5
"""Seconds."""
Newcomer = Callable[[], Person]


@pytest.fixture
def reader(newcomer: Newcomer) -> Person:
    """Somebody for whom nothing has been meant yet."""
    return newcomer()


def told(person: Person, **params: object) -> list[Json]:
    return list(person.pages(NOTIFICATIONS, **params))


def unread(person: Person) -> int:
    return int(person.call("GET", NOTIFICATIONS).json["unread"])


def wait_for(person: Person, *messages: Json, **params: object) -> list[Json]:
    """Return notifications when they are of these messages, the latest first, and no others."""
    wanted = [message["id"] for message in messages]

    def check() -> list[Json]:
        found = told(person, **params)
        assert [one["message_id"] for one in found] == wanted
        return found

    return eventually(check, BOUND)


def test_a_direct_message_is_meant_for_the_other(ada: Person, reader: Person) -> None:
    conversation = ada.start_direct(reader)["id"]
    first = ada.send(conversation)
    reader.send(conversation, "of one's own one is not told")
    second = ada.send(conversation, f"@{reader.username}, and of this once")
    found = wait_for(reader, second, first)
    for one, message in zip(found, (second, first), strict=True):
        assert one["kind"] == "direct"
        assert one["sender_id"] == ada.id
        assert (one["conversation_id"], one["seq"]) == (conversation, message["seq"])
    assert [one["read_at"] is None for one in found] == [True, False], "whoever answers has read"


def test_in_a_group_one_is_told_of_mentions(ada: Person, bob: Person, reader: Person) -> None:
    group = ada.start_group(bob, reader)["id"]
    ada.send(group, "for nobody in particular")
    ada.send(group, f"{reader.username}@example.org, x@{reader.username}, @{reader.username}2")
    edited = ada.send(group, "not yet")
    ada.edit(edited, f"@{reader.username}")
    reader.send(group, f"@{reader.username}")
    first = ada.send(group, f"Well, @{reader.username.upper()}!")
    second = bob.send(group, f"(@{reader.username}) @{reader.username}: twice is once")
    found = wait_for(reader, second, first)
    assert [(one["kind"], one["sender_id"]) for one in found] == [
        ("mention", bob.id),
        ("mention", ada.id),
    ]


def test_who_is_no_member_is_not_told(ada: Person, bob: Person, reader: Person) -> None:
    group = ada.start_group(bob)["id"]
    ada.send(group, f"@{reader.username}")
    later = ada.send(ada.start_direct(reader)["id"])
    wait_for(reader, later)


def test_what_one_does_not_want_one_is_not_told(ada: Person, reader: Person) -> None:
    group, direct = ada.start_group(reader)["id"], ada.start_direct(reader)["id"]
    wishes = {"mentions": True, "direct": False, "digest": False, "email": ""}
    reader.call("PUT", PREFERENCES, body=wishes)
    ada.send(direct)
    mention = ada.send(group, f"@{reader.username}")
    wait_for(reader, mention)
    reader.call("PUT", PREFERENCES, body=wishes | {"direct": True, "mentions": False})
    ada.send(group, f"@{reader.username}")
    message = ada.send(direct)
    wait_for(reader, message, mention)


def test_reading_a_conversation_reads_its_notifications(ada: Person, reader: Person) -> None:
    conversation = ada.start_direct(reader)["id"]
    messages = [ada.send(conversation) for _ in range(3)]
    wait_for(reader, *messages[::-1])
    assert unread(reader) == 3
    reader.mark_read(conversation, messages[1]["seq"])
    wait_for(reader, messages[2], unread="true")
    assert unread(reader) == 1
    assert [one["read_at"] is None for one in told(reader)] == [True, False, False]


def test_marking_is_seen_at_once_and_up_to_where_one_says(ada: Person, reader: Person) -> None:
    conversation = ada.start_direct(reader)["id"]
    messages = [ada.send(conversation) for _ in range(3)]
    found = wait_for(reader, *messages[::-1])
    read = f"{NOTIFICATIONS}/read"
    ada.call("POST", read, body={"up_to": found[0]["id"]}, expect=204)
    assert unread(reader) == 3
    reader.call("POST", read, body={"up_to": found[1]["id"]}, expect=204)
    assert [one["id"] for one in told(reader, unread="true")] == [found[0]["id"]]
    reader.call("POST", read, body={"up_to": found[0]["id"]}, expect=204)
    assert unread(reader) == 0
    assert reader.conversation(conversation)["read_seq"] == 0


def test_pages_hold_what_was_asked_for(ada: Person, reader: Person) -> None:
    conversation = ada.start_direct(reader)["id"]
    messages = [ada.send(conversation) for _ in range(5)]
    wait_for(reader, *messages[::-1], limit=2)


def test_of_what_is_gone_nothing_is_told(ada: Person, bob: Person, reader: Person) -> None:
    group = ada.start_group(bob, reader)["id"]
    gone, stays = (ada.send(group, f"@{bob.username} @{reader.username}") for _ in range(2))
    wait_for(reader, stays, gone)
    ada.delete(gone)
    wait_for(reader, stays)
    reader.leave(group)
    wait_for(reader)


def test_preferences_are_kept_whole(reader: Person) -> None:
    first = {"mentions": True, "direct": True, "digest": True, "email": ""}
    assert reader.call("GET", PREFERENCES).json == first
    wishes = {"mentions": False, "direct": False, "digest": False, "email": "a.b+c@example.org"}
    assert reader.call("PUT", PREFERENCES, body=wishes).json == wishes
    assert reader.call("GET", PREFERENCES).json == wishes
    refused = reader.call("PUT", PREFERENCES, body={"mentions": True}, expect=422)
    assert refused.fields == {"direct", "digest", "email"}
    assert reader.call("GET", PREFERENCES).json == wishes


@pytest.mark.parametrize(
    "email", [" ", "ada", "ada@host", "a@b.org\nBcc: c@b.org", "a@b.org,c@b.org", "<a@b.org>", None]
)
def test_an_address_is_one_address(reader: Person, email: object) -> None:
    wishes = {"mentions": True, "direct": True, "digest": True, "email": email}
    assert reader.call("PUT", PREFERENCES, body=wishes, expect=422).fields == {"email"}


def test_without_a_login_nothing_is_told(api: Api) -> None:
    for method, path in (("GET", ""), ("POST", "/read"), ("GET", "/preferences")):
        body: Json | None = {} if method == "POST" else None
        api.call(method, f"/api/v1{NOTIFICATIONS}{path}", body=body, expect=401)
