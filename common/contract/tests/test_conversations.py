"""Conversations: direct and group, the list with previews and unread counts, read markers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from client import Json, Person, eventually, new_client_id

Newcomer = Callable[[], Person]

NOBODY = "019ab2c4-0000-7000-8000-000000000000"


def listed(person: Person, conversation_id: str) -> Json:
    """Return the conversation as it stands in this person's list."""
    found = [one for one in person.conversations() if one["id"] == conversation_id]
    assert len(found) == 1, f"{len(found)} times in the list"
    return found[0]


# direct


@pytest.mark.short
def test_a_direct_conversation_exists_once(newcomer: Newcomer, ada: Person) -> None:
    other = newcomer()
    created = ada.start_direct(other, expect=201)
    assert UUID(created["id"]).version == 5
    assert (created["kind"], created["name"], created["peer_id"]) == ("direct", None, other.id)
    assert (created["last_seq"], created["rev"], created["last_message"]) == (0, 0, None)
    assert (created["created_by"], created["role"]) == (ada.id, "member")
    assert ada.start_direct(other, expect=200)["id"] == created["id"]
    seen_by_other = other.start_direct(ada, expect=200)
    assert seen_by_other["id"] == created["id"]
    assert seen_by_other["peer_id"] == ada.id


def test_a_direct_conversation_created_at_once_from_both_sides_is_one(newcomer: Newcomer) -> None:
    people = [newcomer(), newcomer()]

    def start(number: int) -> tuple[int, str]:
        one, other = people[number % 2], people[1 - number % 2]
        body = {"kind": "direct", "member_ids": [other.id]}
        answer = one.call("POST", "/conversations", body=body, expect=(200, 201))
        return answer.status, answer.json["id"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(start, range(8)))
    assert len({conversation_id for _, conversation_id in answers}) == 1
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert [len(person.conversations()) for person in people] == [1, 1]


def test_a_direct_conversation_keeps_its_two_people(ada: Person, bob: Person, cem: Person) -> None:
    direct = ada.start_direct(bob)["id"]
    for answer in (
        ada.rename(direct, "Name", expect=409),
        ada.add(direct, cem, expect=409),
        ada.remove(direct, bob, expect=409),
        ada.remove(direct, ada, expect=409),
        ada.set_role(direct, bob, "admin", expect=409),
    ):
        assert answer.problem == "direct-conversation"
    assert {member["user_id"] for member in ada.members(direct)} == {ada.id, bob.id}


@pytest.mark.parametrize("count", [0, 2])
def test_a_direct_conversation_needs_one_other(
    ada: Person, bob: Person, cem: Person, count: int
) -> None:
    body = {"kind": "direct", "member_ids": [bob.id, cem.id][:count]}
    fields = ada.call("POST", "/conversations", body=body, expect=422).fields
    assert {field.partition(".")[0] for field in fields} == {"member_ids"}


def test_nobody_talks_to_himself_or_to_nobody(ada: Person) -> None:
    for other in (ada.id, NOBODY):
        body = {"kind": "direct", "member_ids": [other]}
        assert ada.call("POST", "/conversations", body=body, expect=422).fields == {"member_ids.0"}


# groups


@pytest.mark.short
def test_a_group_begins_with_a_notice(ada: Person, bob: Person, cem: Person) -> None:
    group = ada.start_group(bob, cem, name="  Engine room  ")
    assert (group["kind"], group["name"], group["peer_id"]) == ("group", "Engine room", None)
    assert (group["role"], group["member_count"], group["created_by"]) == ("owner", 3, ada.id)
    (notice,) = ada.history(group["id"])
    assert (notice["seq"], notice["rev"], notice["kind"]) == (1, 1, "notice")
    assert notice["sender_id"] == ada.id
    assert notice["notice"]["action"] == "created"
    assert notice["notice"]["name"] == "Engine room"
    assert set(notice["notice"]["user_ids"]) == {bob.id, cem.id}
    assert (group["last_seq"], group["rev"]) == (1, 1)
    assert (group["unread_count"], bob.conversation(group["id"])["unread_count"]) == (0, 1)


def test_the_same_people_can_have_many_groups(ada: Person, bob: Person) -> None:
    assert ada.start_group(bob)["id"] != ada.start_group(bob)["id"]


def test_a_group_can_begin_with_its_creator_alone(ada: Person) -> None:
    group = ada.start_group()
    assert group["member_count"] == 1
    assert [member["role"] for member in ada.members(group["id"])] == ["owner"]


def test_doubles_and_oneself_count_once(ada: Person, bob: Person) -> None:
    body = {"kind": "group", "name": "Doubles", "member_ids": [bob.id, ada.id, bob.id]}
    assert ada.call("POST", "/conversations", body=body, expect=201).json["member_count"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": None}, "name"),
        ({"member_ids": None}, "member_ids"),
        ({"member_ids": "x"}, "member_ids"),
        ({"member_ids": ["nonsense"]}, "member_ids.0"),
        ({"member_ids": [NOBODY]}, "member_ids.0"),
        ({"member_ids": [7]}, "member_ids.0"),
        ({"member_ids": [f"{NOBODY[:-3]}{n:03x}" for n in range(101)]}, "member_ids"),
        ({"kind": "channel"}, "kind"),
        ({"kind": None}, "kind"),
        ({"topic": "x"}, "topic"),
    ],
)
def test_a_group_out_of_bounds_is_refused(ada: Person, change: Json, field: str) -> None:
    body = {"kind": "group", "name": "Fine", "member_ids": []} | change
    assert ada.call("POST", "/conversations", body=body, expect=422).fields == {field}


def test_an_unknown_member_is_named_by_position(ada: Person, bob: Person, cem: Person) -> None:
    before = len(ada.conversations())
    body = {"kind": "group", "name": "Fine", "member_ids": [bob.id, cem.id, NOBODY]}
    assert ada.call("POST", "/conversations", body=body, expect=422).fields == {"member_ids.2"}
    assert len(ada.conversations()) == before


def test_renaming_is_a_notice(ada: Person, bob: Person, group_id: str) -> None:
    renamed = ada.rename(group_id, "ボイラー室 🔥").json
    assert renamed["name"] == "ボイラー室 🔥"
    notice = bob.history(group_id)[-1]
    assert notice["notice"] == {
        "action": "renamed",
        "user_ids": [],
        "name": "ボイラー室 🔥",
        "role": None,
    }
    assert (notice["sender_id"], notice["rev"]) == (ada.id, renamed["rev"])

    def seen() -> None:
        assert listed(bob, group_id)["name"] == "ボイラー室 🔥"

    eventually(seen)


# the list


def test_ones_own_writing_shows_in_the_list_at_once(ada: Person, group_id: str) -> None:
    sent = ada.send(group_id, "x" * 139 + "yz")
    one = listed(ada, group_id)
    preview = one["last_message"]
    assert (preview["id"], preview["seq"]) == (sent["id"], sent["seq"])
    assert preview["sender_id"] == ada.id
    assert preview["body"] == "x" * 139 + "y"
    assert one["last_activity_at"] == sent["created_at"]
    assert (one["last_seq"], one["read_seq"], one["unread_count"]) == (sent["seq"], sent["seq"], 0)
    ada.delete(sent)
    preview = listed(ada, group_id)["last_message"]
    assert preview["body"] is None
    assert preview["deleted_at"] is not None


def test_an_edit_shows_in_the_preview(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    ada.edit(sent, "Good morning")
    assert listed(ada, group_id)["last_message"]["body"] == "Good morning"

    def seen() -> None:
        assert listed(bob, group_id)["last_message"]["body"] == "Good morning"

    eventually(seen)


def test_the_newest_activity_comes_first(ada: Person, bob: Person) -> None:
    groups = [ada.start_group(bob)["id"] for _ in range(3)]
    ada.send(groups[0])
    assert [one["id"] for one in ada.conversations()[:3]] == [groups[0], groups[2], groups[1]]

    def seen() -> None:
        mine = [one["id"] for one in bob.conversations() if one["id"] in groups]
        assert mine == [groups[0], groups[2], groups[1]]

    eventually(seen)


def test_the_list_is_complete_in_small_pages(newcomer: Newcomer) -> None:
    person = newcomer()
    created = [person.start_group(name=f"Group {number}")["id"] for number in range(7)]
    in_pages = [one["id"] for one in person.conversations(limit=3)]
    assert in_pages == created[::-1]
    times = [one["last_activity_at"] for one in person.conversations(limit=2)]
    assert times == sorted(times, reverse=True)


@pytest.mark.short
def test_unread_counts_of_others_grow_within_the_bound(
    ada: Person, bob: Person, group_id: str
) -> None:
    sent = [ada.send(group_id) for _ in range(3)]

    def seen() -> None:
        one = listed(bob, group_id)
        assert (one["last_seq"], one["read_seq"], one["unread_count"]) == (4, 0, 4)
        assert one["last_message"]["id"] == sent[-1]["id"]

    eventually(seen)


# read markers


def test_a_read_marker_never_goes_back(ada: Person, bob: Person, group_id: str) -> None:
    for _ in range(3):
        ada.send(group_id)

    def counted() -> None:
        assert bob.conversation(group_id)["unread_count"] == 4

    eventually(counted)
    assert bob.mark_read(group_id, 3).json == {"read_seq": 3, "unread_count": 1}
    assert bob.mark_read(group_id, 1).json == {"read_seq": 3, "unread_count": 1}
    assert bob.mark_read(group_id, 0).json == {"read_seq": 3, "unread_count": 1}
    assert bob.conversation(group_id)["unread_count"] == 1
    assert bob.mark_read(group_id, 4).json == {"read_seq": 4, "unread_count": 0}

    def seen() -> None:
        markers = {member["user_id"]: member["read_seq"] for member in ada.members(group_id)}
        assert markers[bob.id] == 4

    eventually(seen)


def test_a_marker_is_ones_own(ada: Person, bob: Person, cem: Person, group_id: str) -> None:
    ada.send(group_id)
    bob.mark_read(group_id, 2)
    assert cem.conversation(group_id)["unread_count"] == 2


@pytest.mark.parametrize("seq", [2, 2**53 - 1, 2**53, 2**70, -1, 1.5, "1", None, True, [], {}])
def test_a_marker_beyond_the_end_or_no_number_is_refused(
    bob: Person, group_id: str, seq: object
) -> None:
    path = f"/conversations/{group_id}/read"
    assert bob.call("PUT", path, body={"seq": seq}, expect=422).fields == {"seq"}
    assert bob.conversation(group_id)["read_seq"] == 0


def test_sending_moves_ones_own_marker(ada: Person, bob: Person, group_id: str) -> None:
    ada.send(group_id)
    bob.send(group_id, client_id=new_client_id())
    assert bob.conversation(group_id)["unread_count"] == 0
    assert ada.conversation(group_id)["unread_count"] == 1
    ada.rename(group_id, "Unread things remain")
    assert ada.conversation(group_id)["unread_count"] == 2, "a notice does not hide what is unread"


def test_reading_marks_at_once_from_many_tabs_settle_on_the_highest(
    ada: Person, bob: Person, group_id: str
) -> None:
    for _ in range(8):
        ada.send(group_id)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda seq: bob.mark_read(group_id, seq), [3, 9, 1, 7, 2, 8, 5]))
    assert bob.conversation(group_id)["read_seq"] == 9
