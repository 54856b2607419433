"""The relay: whatever is killed, each event arrives, and those of a conversation in order."""

import signal
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Any

from brokers import Host, Worker, rows
from waiting import wait_for

from chassis.ids import new_id
from events.topology import ACTIVITY, NOTIFICATIONS

Start = Callable[..., Worker]
Announce = Callable[..., None]
DIES = """
import os, runpy, signal
from chassis.messaging.publisher import ConfirmedPublisher

publish, batches = ConfirmedPublisher.publish, []

def dying(self, messages):
    batches.append(None)
    if len(batches) < {batch}:
        return publish(self, messages)
    publish(self, messages[: int(len(messages) * {part})])
    os.kill(os.getpid(), signal.SIGKILL)

ConfirmedPublisher.publish = dying
runpy.run_module("chat.relay", run_name="__main__")
"""
"""A relay that dies in its n-th batch, with a part of it published and nothing of it marked."""
WAITING = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


def _is_empty(url: str) -> bool:
    return bool(rows(url, WAITING) == [(0,)])


def _seqs(taken: list[tuple[dict[str, Any], Any]]) -> dict[str, list[int]]:
    """Return the numbers that arrived, by conversation, in the order of arrival."""
    events = sorted((event for event, _ in taken), key=lambda one: str(one["subject"]))
    return {
        key: [one["data"]["read_seq"] for one in of_one]
        for key, of_one in groupby(events, key=lambda one: str(one["subject"]))
    }


def test_a_relay_killed_in_the_middle_loses_nothing_and_keeps_the_order(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    host.declare()
    conversations = [new_id() for _ in range(10)]
    announce(conversations, 200)
    for part in (0, 0.5, 1):
        before = rows(url, WAITING)
        relay = start("-c", DIES.format(batch=2, part=part))
        assert relay.process.wait(120) == -signal.SIGKILL
        assert [(0,)] < rows(url, WAITING) < before, "it was killed in the middle"
    start("chat.relay")
    wait_for(lambda: _is_empty(url), 60)
    arrived = _seqs(host.take(ACTIVITY))
    assert set(arrived) == set(conversations)
    for seqs in arrived.values():
        assert list(dict.fromkeys(seqs)) == list(range(200))
        steps = [later - sooner for sooner, later in pairwise(seqs)]
        assert max(steps) == 1, "again is allowed, and ahead is not"


def test_two_relays_share_the_work_and_keep_the_order(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    host.declare()
    conversations = [new_id() for _ in range(10)]
    relays = [start("chat.relay") for _ in range(2)]
    wait_for(lambda: all(one.said("relay.connected") for one in relays), 20)
    announce(conversations, 500)
    wait_for(lambda: _is_empty(url), 30)
    arrived = _seqs(host.take(ACTIVITY))
    assert set(arrived) == set(conversations)
    assert all(seqs == list(range(500)) for seqs in arrived.values())
    assert [one.stop() for one in relays] == [0, 0]


def test_an_event_leaves_at_once_persistent_and_with_its_id(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    relay = start("chat.relay")
    wait_for(lambda: relay.said("relay.connected"), 20)
    announce([new_id()], 1)
    wait_for(lambda: _is_empty(url))
    ((event, properties),) = host.take(ACTIVITY)
    assert properties.delivery_mode == 2
    assert properties.message_id == event["id"]
    assert properties.content_type == "application/cloudevents+json"
    assert rows(url, "SELECT published_at - created_at FROM outbox")[0][0] < 1000


def test_what_nobody_would_get_stays_until_there_is_a_queue(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    relay = start("chat.relay")
    wait_for(lambda: relay.said("relay.connected"), 20)
    with host.connection() as connection:
        for queue in (ACTIVITY, NOTIFICATIONS):
            connection.channel().queue_delete(queue)
    announce([new_id()], 3)
    wait_for(lambda: _is_empty(url), 20)
    assert relay.said("no queue wants conversation.read")
    assert len({event["id"] for event, _ in host.take(ACTIVITY)}) == 3
