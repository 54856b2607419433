"""Two processes on one database: nothing rests on there being one writer."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from running import Person, Server

AT_ONCE = 8


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers on the same database."""
    data = tmp_path_factory.mktemp("shared")
    found = [Server(data).start() for _ in range(2)]
    yield found
    for server in found:
        server.stop()


@pytest.fixture(scope="module")
def people(servers: list[Server]) -> list[Person]:
    """Return people at the one server and at the other, in turns."""
    return [Person(servers[number % 2].url) for number in range(4)]


@pytest.fixture
def group(people: list[Person]) -> str:
    """Return a group of them all."""
    return people[0].group(*people[1:])


def _at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda call: call(), calls))
    assert all(answer.status_code < 500 for answer in answers), Counter(
        (answer.status_code, answer.text[:200]) for answer in answers if answer.status_code >= 500
    )
    return answers


def _history(person: Person, group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        place = f"/conversations/{group}/messages?limit=100&after={len(found)}"
        items = person.http.get(place).json()["items"]
        found += items
        if not items:
            return found


def test_sends_leave_no_gap_and_double_nothing(people: list[Person], group: str) -> None:
    calls = [
        partial(person.send, group, f"{person.username}-{n}")
        for n in range(15)
        for person in people
    ]
    answers = _at_once(calls)
    assert {answer.status_code for answer in answers} == {201}
    stored = _history(people[0], group)
    assert [one["seq"] for one in stored] == list(range(1, 62))
    assert [one["rev"] for one in stored] == list(range(1, 62))
    assert {one["id"] for one in stored[1:]} == {answer.json()["id"] for answer in answers}


def test_a_resend_at_the_other_process_finds_the_message(
    servers: list[Server], people: list[Person], group: str
) -> None:
    ann = people[0]
    there = Person.__new__(Person)
    there.__dict__ |= ann.__dict__
    there.http = httpx.Client(
        base_url=f"{servers[1].url}/api/v1", headers=dict(ann.http.headers), timeout=15
    )
    for n in range(10):
        calls = [partial(who.send, group, f"c{n}") for who in (ann, there) * 4]
        answers = _at_once(calls)
        assert Counter(one.status_code for one in answers) == {201: 1, 200: 7}
        assert len({one.json()["id"] for one in answers}) == 1
    assert [one["seq"] for one in _history(ann, group)] == list(range(1, 12))


def test_two_people_who_write_to_each_other_first_get_one_conversation(
    servers: list[Server],
) -> None:
    for _ in range(3):
        one, other = Person(servers[0].url), Person(servers[1].url)
        calls = [
            partial(a.http.post, "/conversations", json={"kind": "direct", "member_ids": [b.id]})
            for a, b in [(one, other), (other, one)] * 3
        ]
        answers = _at_once(calls)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 5}
        assert len({answer.json()["id"] for answer in answers}) == 1


def test_reactions_are_each_given_once_and_each_a_change(people: list[Person], group: str) -> None:
    message = people[0].send(group, "c1").json()["id"]
    place = f"/conversations/{group}/messages/{message}"
    calls = [
        partial(who.http.put, f"{place}/reactions/{emoji}")
        for emoji in "👍🎉🚀"
        for who in people * 2
    ]
    _at_once(calls)
    found = people[0].http.get(place).json()
    given = [(one["emoji"], who) for one in found["reactions"] for who in one["user_ids"]]
    assert len(given) == len(set(given)) == 12
    assert found["rev"] == 2 + 12


def test_a_read_marker_never_goes_back(people: list[Person], group: str) -> None:
    for n in range(20):
        people[n % 4].send(group, f"c{n}")
    reader = people[1]
    calls = [
        partial(reader.http.put, f"/conversations/{group}/read", json={"seq": seq})
        for seq in range(21, 0, -1)
    ]
    for answer in _at_once(calls):
        assert answer.json()["read_seq"] + answer.json()["unread_count"] == 21
    assert reader.http.get(f"/conversations/{group}").json()["unread_count"] == 0


def test_members_come_and_go_while_people_send_and_nothing_deadlocks(
    servers: list[Server], people: list[Person], group: str
) -> None:
    guest = Person(servers[1].url)
    owner = people[0]
    calls: list[Callable[[], httpx.Response]] = []
    for n in range(10):
        calls += [partial(who.send, group, f"{n}") for who in people]
        calls.append(
            lambda: owner.http.post(
                f"/conversations/{group}/members", json={"user_ids": [guest.id]}
            )
        )
        calls.append(lambda: owner.http.delete(f"/conversations/{group}/members/{guest.id}"))
    _at_once(calls)
    stored = _history(owner, group)
    assert [one["seq"] for one in stored] == list(range(1, len(stored) + 1))
    said = owner.http.get(f"/conversations/{group}").json()["member_count"]
    listed = owner.http.get(f"/conversations/{group}/members").json()["items"]
    assert said == len(listed)
