"""The topology is declared by whoever comes, and is what the table says, or an error."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from brokers import Host, Worker, broker, rows
from waiting import wait_for

from chassis.ids import new_id
from chassis.messaging.topology import Queue, TopologyMismatch
from events.topology import TOPOLOGY

ACTIVITY = TOPOLOGY.queues[0]


def test_whoever_comes_declares_and_the_second_changes_nothing(host: Host) -> None:
    host.declare()
    host.publish(b"{}")
    host.declare()
    assert len(host.take(ACTIVITY.name)) == 1


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        (
            replace(ACTIVITY, max_bytes=1000),
            "x-max-length-bytes = 67108864 at the broker, and 1000 in the table",
        ),
        (
            replace(ACTIVITY, delivery_limit=7),
            "x-delivery-limit = 20 at the broker, and 7 in the table",
        ),
    ],
)
def test_another_queue_of_the_name_is_an_error_that_names_it_and_the_argument(
    host: Host, changed: Queue, argument: str
) -> None:
    host.declare()
    with pytest.raises(TopologyMismatch, match=r"queue 'activity' has ") as error:
        host.declare(replace(TOPOLOGY, queues=(changed,)))
    assert argument in str(error.value)


def test_a_classic_queue_is_not_taken_for_a_quorum_queue(host: Host) -> None:
    with host.connection() as connection:
        connection.channel().queue_declare(ACTIVITY.name, durable=True)
    said = r"queue 'activity' has x-dead-letter-exchange = none at the broker, and events.dead in"
    with pytest.raises(TopologyMismatch, match=said):
        host.declare()


def test_a_process_that_meets_another_topology_says_so_in_one_line_and_ends(
    host: Host, start: Callable[..., Worker]
) -> None:
    host.declare(replace(TOPOLOGY, queues=(replace(ACTIVITY, max_bytes=1000),)))
    worker = start("chat.relay")
    assert worker.process.wait(120) == 1
    assert worker.said("topology.mismatch") == 1
    assert not worker.said("Traceback")


def test_a_subscriber_that_is_switched_off_has_no_queue_and_holds_nobody_up(
    host: Host,
    url: str,
    announce: Callable[..., None],
    start: Callable[..., Worker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed, waiting = (
        "SELECT event_id FROM activity",
        "SELECT id FROM outbox WHERE published_at IS NULL",
    )
    host.declare()
    monkeypatch.setenv("CHAT_SUBSCRIBERS_OFF", "activity")
    relay, consumer = start("chat.relay"), start("chat.consumers.activity")
    wait_for(lambda: relay.said("relay.connected") and consumer.said("consumer.off"), 20)
    announce([new_id()], 20)
    wait_for(lambda: not rows(url, waiting), 20)
    queues = broker().ask("GET", f"/queues/{host.name}").json()
    names = {one["name"] for one in queues}
    assert {"cache", "dead-letters", "notifications"} <= names
    assert not [name for name in names if name.startswith("activity")]
    assert [one.stop() for one in (relay, consumer)] == [0, 0]
    monkeypatch.setenv("CHAT_SUBSCRIBERS_OFF", "")
    consumer, relay = start("chat.consumers.activity"), start("chat.relay")
    wait_for(lambda: consumer.said("consumer.connected"), 20)
    announce([new_id()], 5)
    wait_for(lambda: len(rows(url, feed)) == 5, 20)


def test_who_switches_off_what_is_no_subscriber_is_told() -> None:
    with pytest.raises(ValueError, match="no subscriber dead-letters"):
        TOPOLOGY.without("activity, dead-letters")
