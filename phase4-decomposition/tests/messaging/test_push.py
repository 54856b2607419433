"""Events reach the sockets of every process, by the broker; ended logins close them without it."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from brokers import Host, Worker, broker
from running import Person, Server
from waiting import wait_for

from chassis.messaging.subscription import Subscription
from chat.realtime.elsewhere import Elsewhere
from events.topology import TOPOLOGY

Start = Callable[..., Worker]
Events = list[tuple[str, Any]]


@pytest.fixture
def servers(tmp_path: Path, host: Host, start: Start) -> Iterator[list[Server]]:
    """Two servers on one database and one broker, and a relay between the two."""
    relay = start("chat.relay")
    found = [Server(tmp_path, **host.environment, CHAT_LOG_LEVEL="INFO") for _ in range(2)]
    for server in found:
        server.start()
    wait_for(lambda: len(found[0].lines("subscription.connected")) == 2)
    wait_for(lambda: relay.said("relay.connected"))
    yield found
    for server in found:
        server.stop()


@pytest.fixture
def people(servers: list[Server]) -> list[Person]:
    """Return Ann and Cyd at the one server, and Ben at the other."""
    return [Person(servers[number % 2].url) for number in range(3)]


def _connections(host: Host, at_least: int) -> list[dict[str, Any]]:
    """Return the broker's connections once it lists so many: it is slow to."""
    found: list[dict[str, Any]] = broker().ask("GET", f"/vhosts/{host.name}/connections").json()
    return found if len(found) >= at_least else []


def _got(events: Events, kind: str, **data: Any) -> bool:
    return any(
        name == kind
        and data.items() <= {**event["data"], **event["data"].get("message", {})}.items()
        for name, event in events
    )


def test_a_send_reaches_the_sockets_of_every_process_and_of_members_alone(
    servers: list[Server], people: list[Person]
) -> None:
    ann, ben, cyd = people
    group = ann.group(ben, cyd)
    (one, anns), (other, bens), (third, cyds) = (who.connect() for who in people)
    stranger, strangers = Person(servers[1].url).connect()
    ann.send(group, "m1", "to all")
    for events in (anns, bens, cyds):
        wait_for(partial(_got, events, "message.created", body="to all"))
    ann.http.delete(f"/conversations/{group}/members/{ben.id}")
    for events in (anns, bens, cyds):
        wait_for(partial(_got, events, "conversation.member_removed", user_id=ben.id))
    ann.send(group, "m2", "without Ben")
    ann.http.post(f"/conversations/{group}/members", json={"user_ids": [ben.id]})
    for events in (anns, cyds):
        wait_for(partial(_got, events, "message.created", body="without Ben"))
    wait_for(lambda: _got(bens, "conversation.created", name="G"))
    wait_for(lambda: _got(anns, "conversation.members_added", user_ids=[ben.id]))
    assert not _got(anns, "conversation.created"), "it is new to whom it was not there before"
    assert not [name for name, event in strangers if event["conversation_id"] == group]
    for client in (one, other, third, stranger):
        client.disconnect()


def test_typing_and_presence_reach_other_processes(people: list[Person]) -> None:
    ann, ben, _ = people
    group = ann.group(ben)
    anns, heard = ann.connect()
    bens, _ = ben.connect()
    wait_for(lambda: _got(heard, "presence", user_id=ben.id, online=True))
    bens.emit("typing", {"conversation_id": group})
    wait_for(lambda: _got(heard, "typing", user_id=ben.id))
    bens.disconnect()
    wait_for(lambda: _got(heard, "presence", user_id=ben.id, online=False))
    anns.disconnect()


def test_a_tab_at_one_process_closes_and_one_at_the_other_is_still_there(
    servers: list[Server], people: list[Person]
) -> None:
    ann, ben, _ = people
    ann.group(ben)
    watcher, heard = ann.connect()
    first, _ = ben.connect()
    wait_for(lambda: _got(heard, "presence", user_id=ben.id, online=True))
    headers = dict(ben.http.headers)
    there = httpx.Client(base_url=f"{servers[0].url}/api/v1", headers=headers, timeout=15)
    asked = f"/presence?ids={ben.id}"
    assert there.get(asked).json()["items"][0]["online"] is True, "asked at the other process"
    ben.url, ben.http = servers[0].url, there
    second, _ = ben.connect()
    first.disconnect()
    time.sleep(1)
    assert not _got(heard, "presence", user_id=ben.id, online=False)
    second.disconnect()
    wait_for(lambda: _got(heard, "presence", user_id=ben.id, online=False))
    watcher.disconnect()


def test_who_was_connected_to_a_process_that_says_nothing_more_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    elsewhere = Elsewhere()
    assert elsewhere.said("one", ["ann", "ben"]) == {"ann", "ben"}
    elsewhere.moved("two", "ben", online=True)
    assert elsewhere.said("one", ["ann"]) == {"ben"}
    assert elsewhere.said(elsewhere.name, ["cyd"]) == set(), "who is here is no news"
    assert elsewhere.online(["ann", "ben", "cyd"]) == {"ann", "ben"}
    now += 10
    elsewhere.moved("two", "dan", online=True)
    now += 10
    assert elsewhere.forget_silent() == {"ann"}
    assert elsewhere.online(["ann", "ben", "dan"]) == {"ben", "dan"}


def test_each_socket_that_gets_a_message_is_a_receipt(
    servers: list[Server], people: list[Person]
) -> None:
    server = servers[0]
    ann, _, cyd = people
    conversation = ann.group(cyd)
    sockets = [person.connect() for person in (ann, cyd, cyd)]
    began = time.perf_counter()
    for number in range(4):
        ann.send(conversation, f"m{number}")
    ann.send(conversation, "m0")  # a resend
    wait_for(lambda: server.metric("chat_send_to_receipt_seconds_count") == 12)
    took = time.perf_counter() - began
    assert server.metric("chat_messages_accepted_total") == 4
    assert server.metric("chat_events_delivered_total", type="message.created") == 12
    assert 0 < server.metric("chat_send_to_receipt_seconds_sum") < 12 * took
    for client, events in sockets:
        assert len([name for name, _ in events if name == "message.created"]) == 4
        client.disconnect()


def test_after_a_gap_sockets_close_so_that_their_clients_catch_up(
    host: Host, servers: list[Server], people: list[Person]
) -> None:
    _, events = people[0].connect()
    for connection in wait_for(partial(_connections, host, 3), within=30):
        broker().ask("DELETE", f"/connections/{connection['name']}").raise_for_status()
    wait_for(lambda: _got(events, "connection.closing", reason="events-missed", reconnect=True))
    wait_for(lambda: len(servers[0].lines("subscription.connected")) == 4)
    client, events = people[0].connect()
    people[0].group(people[1])
    wait_for(lambda: _got(events, "conversation.created"))
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


def test_logging_out_closes_sockets_at_every_process_also_without_a_broker(
    tmp_path: Path,
) -> None:
    servers = [Server(tmp_path, CHAT_BROKER_URL="amqp://127.0.0.1:1/x").start() for _ in range(2)]
    ann = Person(servers[0].url)
    _, events = ann.connect()
    elsewhere = httpx.post(
        f"{servers[1].url}/api/v1/auth/logout", headers=dict(ann.http.headers), timeout=15
    )
    assert elsewhere.status_code == 204
    wait_for(lambda: _got(events, "connection.closing", reason="login-ended"))
    for server in servers:
        server.stop()
