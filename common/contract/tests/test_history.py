"""Reading history by keyset on the sequence, both ways."""

import pytest
from client import Json, Person


@pytest.fixture
def long_group(ada: Person, bob: Person, cem: Person) -> Json:
    """A group with 25 messages (seq 1 is the notice), two of them deleted."""
    group = ada.start_group(bob, cem)
    sent = [ada.send(group["id"], f"Message {number}") for number in range(2, 26)]
    ada.delete(sent[4])
    ada.delete(sent[-1])
    return group


def seqs(page: Json) -> list[int]:
    return [message["seq"] for message in page["items"]]


def test_without_a_place_comes_the_newest_page(bob: Person, long_group: Json) -> None:
    page = bob.page_of_history(long_group["id"], limit=5)
    assert seqs(page) == [21, 22, 23, 24, 25]
    assert (page["last_seq"], page["rev"]) == (25, 27)


def test_before_and_after_are_exclusive(bob: Person, long_group: Json) -> None:
    group_id = long_group["id"]
    assert seqs(bob.page_of_history(group_id, before=10, limit=3)) == [7, 8, 9]
    assert seqs(bob.page_of_history(group_id, after=10, limit=3)) == [11, 12, 13]
    assert seqs(bob.page_of_history(group_id, before=3, limit=3)) == [1, 2]
    assert seqs(bob.page_of_history(group_id, after=24, limit=3)) == [25]
    assert seqs(bob.page_of_history(group_id, after=0, limit=2)) == [1, 2]
    assert seqs(bob.page_of_history(group_id, before=1)) == []
    assert seqs(bob.page_of_history(group_id, after=25)) == []
    assert seqs(bob.page_of_history(group_id, after=2**53 - 1)) == []
    assert seqs(bob.page_of_history(group_id, before=2**53 - 1, limit=1)) == [25]


@pytest.mark.short
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_both_ways_give_the_whole_history(bob: Person, long_group: Json, limit: int) -> None:
    group_id = long_group["id"]
    forward = bob.history(group_id, limit=limit)
    backward: list[Json] = []
    while True:
        before = backward[0]["seq"] if backward else 2**53 - 1
        page = bob.page_of_history(group_id, before=before, limit=limit)
        if not page["items"]:
            break
        backward = page["items"] + backward
    assert [message["seq"] for message in forward] == list(range(1, 26))
    assert backward == forward


def test_a_page_has_fifty_messages_unless_told_otherwise(ada: Person, bob: Person) -> None:
    group_id = ada.start_group(bob)["id"]
    for _ in range(60):
        ada.send(group_id)
    assert len(bob.page_of_history(group_id)["items"]) == 50
    assert len(bob.page_of_history(group_id, after=0)["items"]) == 50
    assert len(bob.page_of_changes(group_id, 0)["items"]) == 50


def test_tombstones_keep_their_place(bob: Person, long_group: Json) -> None:
    page = bob.page_of_history(long_group["id"], after=0, limit=100)
    assert [one["seq"] for one in page["items"] if one["deleted_at"]] == [6, 25]


def test_everybody_reads_the_same(ada: Person, cem: Person, long_group: Json) -> None:
    assert ada.history(long_group["id"]) == cem.history(long_group["id"])


def test_both_places_at_once_are_refused(bob: Person, group_id: str) -> None:
    path = f"/conversations/{group_id}/messages"
    answer = bob.call("GET", path, params={"before": 5, "after": 1}, expect=422)
    assert answer.fields <= {"before", "after"}


@pytest.mark.parametrize("name", ["before", "after", "limit"])
@pytest.mark.parametrize("value", ["-1", "1.5", "x", "", "1e3", "0x10", "٣", str(2**53), "9" * 40])
def test_absurd_numbers_are_refused(bob: Person, group_id: str, name: str, value: str) -> None:
    path = f"/conversations/{group_id}/messages"
    assert bob.call("GET", path, params={name: value}, expect=422).fields == {name}


@pytest.mark.parametrize("limit", ["0", "101"])
def test_a_page_is_bounded(bob: Person, group_id: str, limit: str) -> None:
    for path in (
        f"/conversations/{group_id}/messages",
        f"/conversations/{group_id}/members",
        f"/conversations/{group_id}/changes?after=0",
        "/conversations",
        "/profiles/search?q=a",
    ):
        joined = f"{path}{'&' if '?' in path else '?'}limit={limit}"
        assert bob.call("GET", joined, expect=422).fields == {"limit"}
