"""Who is notified of what: once, of what is meant for them, as long as it is there to be read."""

from typing import Any

import pytest
from people import Somebody
from readers import Readers

People = list[Somebody]


def of(person: Somebody, query: str = "") -> list[Any]:
    found = person.do("GET", f"/notifications{query}")["items"]
    return [(one["kind"], one["seq"]) for one in found]


def unread(person: Somebody) -> int:
    return int(person.do("GET", "/notifications")["unread"])


def test_each_text_of_a_direct_conversation_is_meant_for_the_other(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, _ = people
    ada.send(direct, "a", "@bob is not told of this twice")
    bob.send(direct, "b")
    readers.hear()
    assert (of(ada), of(bob)) == ([("direct", 2)], [("direct", 1)])


def test_an_event_that_comes_again_notifies_of_nothing_new(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, _ = people
    ada.send(direct, "a")
    assert readers.hear() == readers.hear()
    assert len(of(bob)) == 1


def test_of_a_group_people_hear_when_they_are_mentioned_and_in_it(
    people: People, readers: Readers
) -> None:
    ada, bob, cem = people
    group = ada.group(bob)
    first = ada.send(group, "a", "nobody in particular")["seq"]
    ada.send(group, "b", "@bob, @BOB. @cem! @ada @nobody")
    edited = ada.send(group, "c", "not yet")
    ada.do("PATCH", f"{group}/messages/{edited['id']}", {"body": "@bob"})
    readers.hear()
    assert of(bob) == [("mention", first + 1)]
    assert of(cem) == of(ada) == []


def test_a_name_with_a_dot_at_its_end_is_told_from_one_at_the_end_of_a_sentence(
    app: Any, people: People, readers: Readers
) -> None:
    ada, bob, _ = people
    dotted = Somebody(app.test_client(), "bob.")
    group = ada.group(bob, dotted)
    seq = ada.send(group, "a", "@bob.")["seq"]
    ada.send(group, "b", "@bob..-")
    ada.send(group, "c", "@bob-")
    readers.hear()
    assert of(dotted) == [("mention", seq + 1), ("mention", seq)]
    assert of(bob) == [("mention", seq + 2)]


def test_whoever_does_not_want_it_is_not_notified(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, _ = people
    group = ada.group(bob)
    wishes = {"mentions": True, "direct": False, "digest": True, "email": ""}
    assert bob.do("PUT", "/notifications/preferences", wishes) == wishes
    ada.send(direct, "a")
    mention = ada.send(group, "b", "@bob")["seq"]
    bob.do("PUT", "/notifications/preferences", wishes | {"mentions": False, "direct": True})
    readers.hear()  # what counts is what they want when it is noted
    assert of(bob) == [("direct", 1)]
    bob.do("PUT", "/notifications/preferences", wishes)
    ada.send(direct, "c")
    ada.send(group, "d", "@bob")
    readers.hear()
    assert of(bob) == [("mention", mention + 1), ("direct", 1)]


def test_whoever_reads_a_conversation_has_read_its_notifications(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, _ = people
    for number in range(3):
        ada.send(direct, f"{number}")
    bob.do("PUT", f"{direct}/read", {"seq": 2})
    readers.hear()
    assert of(bob, "?unread=true") == [("direct", 3)]
    assert (len(of(bob)), unread(bob)) == (3, 1)


def test_marks_are_ones_own_and_go_up_to_where_one_says(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, cem = people
    for number in range(3):
        ada.send(direct, f"{number}")
    readers.hear()
    third, second, _ = (one["id"] for one in bob.do("GET", "/notifications")["items"])
    cem.do("POST", "/notifications/read", {"up_to": third})
    assert unread(bob) == 3
    bob.do("POST", "/notifications/read", {"up_to": second})
    assert of(bob, "?unread=true") == [("direct", 3)]
    bob.do("POST", "/notifications/read", {"up_to": third})
    assert unread(bob) == 0


def test_pages_go_from_the_newest_to_the_oldest(
    people: People, direct: str, readers: Readers
) -> None:
    ada, bob, _ = people
    for number in range(5):
        ada.send(direct, f"{number}")
    readers.hear()
    seqs, cursor = [], ""
    for _ in range(3):
        page = bob.do("GET", f"/notifications?limit=2{cursor}")
        seqs += [one["seq"] for one in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seqs == [5, 4, 3, 2, 1]
    assert page["next_cursor"] is None


def test_of_what_is_not_there_for_somebody_nothing_is_left(
    people: People, readers: Readers
) -> None:
    ada, bob, cem = people
    group = ada.group(bob, cem)
    gone = ada.send(group, "a", "@bob @cem")
    stays = ada.send(group, "b", "@bob @cem")["seq"]
    readers.hear()
    ada.do("DELETE", f"{group}/messages/{gone['id']}")
    ada.ask("DELETE", f"{group}/members/{cem.id}")
    readers.hear()
    assert (of(bob), of(cem)) == ([("mention", stays)], [])


@pytest.mark.parametrize(
    "email",
    [
        " ",
        "bob",
        "bob@localhost",
        "bob@example.org\nBcc: cem@example.org",
        "bob@example.org\r\n",
        "bob@example.org,cem@example.org",
        "Bob <bob@example.org>",
        "bob @example.org",
        "böb@example.org",
        "-f@example.org",
        f"bob@{'a.' * 125}org",
        1,
    ],
)
def test_an_address_is_one_address_and_nothing_else(people: People, email: object) -> None:
    wishes = {"mentions": True, "direct": True, "digest": True, "email": email}
    assert people[1].ask("PUT", "/notifications/preferences", wishes).status_code == 422
