"""Events reach the sockets of those whom they concern, nobody else, and cost no question."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import Any

import pytest
from brokers import Host, broker
from fake_auth import fake_auth
from playing import Happening, Person, Server, fake_chat, got, handshake, handshake_url
from structlog.testing import capture_logs
from waiting import wait_for

from chassis.events import new_event
from chassis.identity import Caller
from chassis.messaging.subscription import Subscription
from events.topology import TOPOLOGY
from realtime.connections import Connections
from realtime.publisher import SocketPublisher


@pytest.fixture
def server(start: Callable[..., Server], host: Host) -> Server:
    """One process, with a broker."""
    return start(**host.environment)


@pytest.fixture
def people(server: Server) -> list[Person]:
    """Return Ann, Ben and Cyd."""
    return [Person(server) for _ in range(3)]


def test_events_reach_members_alone_and_nobody_is_asked_who_they_are(
    server: Server, people: list[Person], happening: Happening
) -> None:
    ann, ben, cyd = people
    group = happening.group(ann, ben)
    sockets = [person.connect() for person in (*people, Person(server))]
    (_, anns), (_, bens), (_, cyds), (_, strangers) = sockets
    asked = len(fake_chat().asked)
    happening.say(group, "to both")
    for events in (anns, bens):
        wait_for(partial(got, events, "message.created", body="to both"))
    happening.add(group, cyd)
    wait_for(lambda: got(cyds, "conversation.created", name="G"))
    wait_for(lambda: got(anns, "conversation.members_added", user_ids=[cyd.id]))
    happening.remove(group, ben)
    for events in (anns, bens, cyds):
        wait_for(partial(got, events, "conversation.member_removed", user_id=ben.id))
    happening.say(group, "without Ben")
    for events in (anns, cyds):
        wait_for(partial(got, events, "message.created", body="without Ben"))
    new = happening.group(ben, cyd)
    happening.say(new, "first")
    wait_for(lambda: got(bens, "message.created", body="first"))
    assert not got(bens, "message.created", body="without Ben")
    assert not got(cyds, "message.created", body="to both")
    assert not [name for name, _ in anns if name == "conversation.created"]
    assert not [name for name, _ in strangers if name != "presence"]
    assert len(fake_chat().asked) == asked
    for client, _ in sockets:
        client.disconnect()


def test_each_event_that_is_written_is_counted_and_each_message_timed(
    server: Server, people: list[Person], happening: Happening
) -> None:
    ann, ben, _ = people
    group = happening.group(ann, ben)
    sockets = [person.connect()[0] for person in (ann, ben, ben)]
    for number in range(4):
        happening.say(group, f"m{number}")
    wait_for(lambda: server.metric("chat_send_to_receipt_seconds_count") == 12)
    assert server.metric("chat_events_delivered_total", type="message.created") == 12
    assert 0 < server.metric("chat_send_to_receipt_seconds_sum") < 12 * 30
    for client in sockets:
        client.disconnect()


def test_after_a_gap_sockets_close_so_that_their_clients_catch_up(
    host: Host, server: Server, people: list[Person], happening: Happening
) -> None:
    _, events = people[0].connect()

    def connections() -> list[dict[str, Any]]:
        return list(broker().ask("GET", f"/vhosts/{host.name}/connections").json())

    for connection in wait_for(connections):
        broker().ask("DELETE", f"/connections/{connection['name']}").raise_for_status()
    wait_for(lambda: got(events, "connection.closing", reason="events-missed", reconnect=True))
    wait_for(lambda: len(server.lines("subscription.connected")) == 2)
    client, events = people[0].connect()
    happening.group(people[0])
    wait_for(lambda: got(events, "conversation.created"))
    client.disconnect()


def test_whoever_fails_to_hear_has_missed_something_and_hears_again(host: Host) -> None:
    heard: list[bytes] = []
    missed: list[bool] = []

    def hear(messages: Sequence[tuple[bool, bytes]]) -> None:
        if not missed:
            raise ValueError(messages)
        heard.extend(body for _, body in messages)

    stopping = Event()
    subscription = Subscription(
        host.settings.parameters("test"), TOPOLOGY, ["#"], hear, lambda: missed.append(True)
    )
    subscription.start(stopping)
    try:
        assert subscription.is_connected, "whoever starts hears before it goes on"
        host.publish(b"fails")
        wait_for(lambda: missed and subscription.is_connected)
        host.publish(b"heard")
        wait_for(lambda: heard == [b"heard"])
        assert missed == [True]
    finally:
        stopping.set()


def test_an_event_that_cannot_be_written_is_logged_and_holds_up_no_other() -> None:
    class Broken:
        def emit(self, *_: object, **__: object) -> None:
            raise RuntimeError("no sockets today")

    connections = Connections()
    connections.add("sid", Caller("ann", "login"))
    with capture_logs() as written:
        SocketPublisher(Broken(), connections).publish(new_event("read", {}), ["ann"])
    assert [line["event"] for line in written] == ["event.lost"]


def test_an_ended_login_closes_its_sockets_by_its_event(
    people: list[Person], happening: Happening
) -> None:
    (_, anns), (still, bens) = people[0].connect(), people[1].connect()
    happening.end(people[0].login_id)
    wait_for(lambda: got(anns, "connection.closing", reason="login-ended", reconnect=False))
    assert not got(bens, "connection.closing")
    still.disconnect()


def test_and_without_a_broker_by_asking(start: Callable[..., Server]) -> None:
    ann = Person(start())
    client, events = ann.connect()
    ticket = ann.ticket()
    fake_auth().end(ann.login_id)
    wait_for(lambda: got(events, "connection.closing", reason="login-ended"))
    wait_for(lambda: not client.connected)
    refused = handshake_url(ann.server, ticket)
    assert handshake(refused).status_code == 401
    assert handshake(refused).status_code == 401, "and it was not used up: it is dead"
