"""A consumer: what is done is done once, in order, and what cannot be done is put aside."""

import threading
from collections.abc import Callable

from brokers import Host, Worker, rows
from waiting import wait_for

from chassis.database import Database
from chassis.ids import new_id
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.mode import Mode, set_mode
from chassis.work import Work
from chat.catalogue import schemas
from events.topology import ACTIVITY, TOPOLOGY

Start = Callable[..., Worker]
Announce = Callable[..., None]
FEED = "SELECT event_id FROM activity ORDER BY recorded"
SENT = "SELECT event::json ->> 'id' FROM outbox ORDER BY id"
MODULE = "chat.consumers.activity"

DIES_BETWEEN_COMMIT_AND_ACKNOWLEDGEMENT = """
import os, signal
from chassis.messaging.consumer import Consumer
from chat.consumers import activity

once, done = Consumer._once, []

def dying(self, event):
    once(self, event)
    done.append(event)
    if len(done) == 5:
        os.kill(os.getpid(), signal.SIGKILL)

Consumer._once = dying
activity.main()
"""


def test_a_consumer_killed_between_commit_and_acknowledgement_does_nothing_twice(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    announce([new_id()], 60)
    for _ in range(2):
        start("-c", DIES_BETWEEN_COMMIT_AND_ACKNOWLEDGEMENT).process.wait(120)
    assert len(rows(url, FEED)) >= 5
    last = start(MODULE)
    wait_for(lambda: len(rows(url, FEED)) == 60, 20)
    assert rows(url, FEED) == rows(url, SENT), "in the order in which it happened"
    assert last.said("event.again") >= 1
    assert last.stop() == 0
    assert host.take(ACTIVITY) == []


def test_stopped_it_finishes_what_it_has_fetched_and_what_comes_later_waits(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    consumer = start(MODULE)
    wait_for(lambda: consumer.said("consumer.connected"), 20)
    announce([new_id()], 300)
    wait_for(lambda: rows(url, FEED), 20)
    assert consumer.stop() == 0
    announce([new_id()], 10)
    again = start(MODULE)
    wait_for(lambda: len(rows(url, FEED)) == 310, 20)
    assert not again.said("event.again")


def test_whose_queue_is_deleted_declares_it_anew(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    consumer = start(MODULE)
    wait_for(lambda: consumer.said("consumer.connected"), 20)
    with host.connection() as connection:
        connection.channel().queue_delete(ACTIVITY)
    wait_for(lambda: consumer.said("consumer.connected") == 2, 20)
    announce([new_id()], 10)
    wait_for(lambda: len(rows(url, FEED)) == 10, 20)
    assert consumer.stop() == 0


def test_what_nobody_can_read_is_a_dead_letter_and_holds_nobody_up(
    host: Host, url: str, announce: Announce, start: Start
) -> None:
    consumer = start(MODULE)
    wait_for(lambda: consumer.said("consumer.connected"), 20)
    host.publish(b'{"secret": 1}')
    start("chat.relay")
    announce([new_id()], 1)
    wait_for(lambda: rows(url, FEED), 20)
    ((body, properties),) = host.take(TOPOLOGY.dead.name)
    assert body == {"secret": 1}
    (death,) = properties.headers["x-death"]
    assert (death["queue"], death["reason"]) == (ACTIVITY, "rejected")
    assert consumer.said("event.unacceptable") == 1
    assert not consumer.said("secret")


def test_while_nothing_may_be_written_events_wait_in_their_order(
    host: Host, url: str, database: Database, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    announce([new_id()], 50)
    with database.write_in_any_mode() as connection:
        set_mode(connection, Mode.READ_ONLY)
    consumer = start(MODULE)
    wait_for(lambda: consumer.said("event.waits") >= 2, 20)
    assert rows(url, FEED) == []
    with database.write_in_any_mode() as connection:
        set_mode(connection, Mode.OPEN)
    wait_for(lambda: len(rows(url, FEED)) == 50, 20)
    assert rows(url, FEED) == rows(url, SENT)
    assert not consumer.said("event.again")
    assert host.take(TOPOLOGY.dead.name) == []


def test_work_that_takes_longer_than_the_broker_waits_for_a_word_is_acknowledged_all_the_same(
    host: Host, url: str, database: Database, announce: Announce, start: Start
) -> None:
    start("chat.relay")
    announce([new_id()], 2)
    stopping, handled = threading.Event(), []

    def slow(_work: Work, event: CloudEvent) -> None:
        handled.append(event["id"])
        threading.Event().wait(4)  # the broker gives up after 2 s without a heartbeat

    host.settings.broker_heartbeat = 1
    consumer = Consumer(
        ACTIVITY,
        slow,
        database=database,
        broker=host.settings.parameters("slow"),
        topology=TOPOLOGY,
        schemas=schemas(),
    )
    thread = threading.Thread(target=consumer.run, args=[stopping])
    thread.start()
    try:
        wait_for(lambda: len(rows(url, "SELECT event_id FROM inbox")) == 2, 30)
    finally:
        stopping.set()
        thread.join()
    assert len(handled) == 2
    assert host.take(ACTIVITY) == []
