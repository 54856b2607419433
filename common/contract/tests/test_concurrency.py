"""Many writers at once: one order without gaps, nothing lost, nothing doubled."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from client import Api, Json, Person, Socket, eventually, new_client_id
from client.catch_up import Timeline

SENDS = 20
"""Messages that each writer sends."""


@pytest.fixture
def writers(ada: Person, bob: Person, cem: Person, dora: Person) -> Iterator[list[Person]]:
    """Eight writers with connections of their own: four people on two devices each."""
    apis = [Api(ada.api.url) for _ in range(8)]
    people = [ada, bob, cem, dora] * 2
    yield [
        Person(api, one.username, one.password, one.tokens)
        for api, one in zip(apis, people, strict=True)
    ]
    for api in apis:
        api.close()


def write(writer: Person, group_id: str, *, twice: bool) -> list[Json]:
    """Send, and send every third message again as after a lost answer; return what came back."""
    acknowledged = []
    for number in range(SENDS):
        client_id = new_client_id()
        body = f"Message {number}"
        acknowledged.append(writer.send(group_id, body, client_id=client_id))
        if twice and number % 3 == 0:
            again = writer.send(group_id, body, client_id=client_id, expect=200)
            assert (again["id"], again["seq"]) == (acknowledged[-1]["id"], acknowledged[-1]["seq"])
    return acknowledged


@pytest.mark.short
def test_many_writers_make_one_order_without_gaps(
    writers: list[Person], open_socket: Callable[[Person], Socket]
) -> None:
    ada, bob, cem, dora = writers[:4]
    group_id = ada.start_group(bob, cem, dora)["id"]
    socket = open_socket(bob)
    with ThreadPoolExecutor(len(writers)) as threads:
        jobs = [threads.submit(write, one, group_id, twice=True) for one in writers]
        acknowledged = [message for job in jobs for message in job.result()]
    total = len(writers) * SENDS
    histories = [person.history(group_id) for person in (ada, bob, cem, dora)]
    assert [message["seq"] for message in histories[0]] == list(range(1, total + 2))
    assert all(history == histories[0] for history in histories)
    assert {message["id"] for message in acknowledged} == {one["id"] for one in histories[0][1:]}
    for writer in writers:
        own = [message["seq"] for message in acknowledged if message["sender_id"] == writer.id]
        assert len(own) == 2 * SENDS
    last = histories[0][-1]
    socket.wait_for_message("message.created", last["id"])
    listed = ada.conversation(group_id)
    assert (listed["last_seq"], listed["rev"]) == (total + 1, total + 1)


def test_each_writer_keeps_his_own_order(writers: list[Person]) -> None:
    ada, bob = writers[:2]
    group_id = ada.start_group(bob)["id"]
    with ThreadPoolExecutor(2) as threads:
        sent = list(threads.map(lambda one: write(one, group_id, twice=False), (ada, bob)))
    for acknowledged in sent:
        seqs = [message["seq"] for message in acknowledged]
        assert seqs == sorted(seqs)


def test_readers_never_see_a_gap_while_others_write(writers: list[Person]) -> None:
    ada, bob, cem = writers[:3]
    group_id = ada.start_group(bob, cem)["id"]
    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(write, one, group_id, twice=True) for one in (ada, bob)]
        timeline = Timeline(cem, group_id)
        while not all(job.done() for job in jobs):
            seqs = [message["seq"] for message in cem.history(group_id, limit=20)]
            assert seqs == list(range(1, len(seqs) + 1))
            timeline.catch_up(7)
            known = [message["seq"] for message in timeline.in_order]
            assert known == list(range(1, len(known) + 1))
        for job in jobs:
            job.result()
    assert timeline.catch_up(7).in_order == ada.history(group_id)


def test_edits_reactions_and_deletions_at_once_leave_one_truth(writers: list[Person]) -> None:
    ada, bob, cem, dora = writers[:4]
    group_id = ada.start_group(bob, cem, dora)["id"]
    messages = [ada.send(group_id, f"Message {number}") for number in range(6)]

    def change(writer: Person) -> int:
        made = 0
        for message in messages:
            made += writer.react(message, "👍", expect=(200, 409)).status == 200
            if writer.id == ada.id:
                made += ada.edit(message, f"Edited {made}", expect=(200, 409)).status == 200
            writer.unreact(message, "👍", expect=(200, 409))
        if writer.id == ada.id:
            ada.delete(messages[0])
        return made

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(change, (ada, bob, cem, dora)))
    history = ada.history(group_id)
    revs = [message["rev"] for message in history]
    assert len(set(revs)) == len(revs)
    assert max(revs) == ada.conversation(group_id)["rev"]
    assert history[1]["reactions"] == []
    assert Timeline(bob, group_id).catch_up(3).in_order == history


@contextmanager
def sending(writer: Person, group_id: str) -> Iterator[list[Json]]:
    """Send message after message in another thread until the block ends."""
    ended = threading.Event()
    sent: list[Json] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            while not ended.is_set():
                sent.append(writer.send(group_id))
        except BaseException as failure:  # noqa: BLE001 - raised again below
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]


def test_members_come_and_go_while_messages_flow(writers: list[Person]) -> None:
    ada, bob, cem, dora = writers[:4]
    group_id = ada.start_group(bob)["id"]

    def reads_all() -> None:
        history = dora.history(group_id)
        assert [message["seq"] for message in history] == list(range(1, len(history) + 1))

    def sees_nothing() -> None:
        dora.call("GET", f"/conversations/{group_id}/messages", expect=404)

    with sending(ada, group_id) as by_ada, sending(bob, group_id) as by_bob:
        for _ in range(3):
            ada.add(group_id, dora, cem)
            eventually(reads_all)
            ada.remove(group_id, dora)
            eventually(sees_nothing)
            ada.remove(group_id, cem)
    history = ada.history(group_id)
    assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
    ids = [message["id"] for message in history]
    assert all(ids.count(message["id"]) == 1 for message in by_ada + by_bob)
    actions = [message["notice"]["action"] for message in history if message["notice"]]
    assert actions == ["created"] + ["members_added", "member_removed", "member_removed"] * 3
    assert ada.conversation(group_id)["member_count"] == 2


def test_a_member_added_at_once_by_two_admins_is_in_once(
    ada: Person, bob: Person, dora: Person
) -> None:
    group_id = ada.start_group(bob)["id"]
    ada.set_role(group_id, bob, "admin")
    eventually(lambda: bob.add(group_id, ada))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.add(group_id, dora), [ada, bob] * 2))
    assert [member["user_id"] for member in ada.members(group_id)].count(dora.id) == 1
    assert ada.conversation(group_id)["member_count"] == 3
    actions = [one["notice"]["action"] for one in ada.history(group_id) if one["notice"]]
    assert actions.count("members_added") == 1
