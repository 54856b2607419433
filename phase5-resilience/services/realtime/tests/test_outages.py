"""What goes on while a neighbour is away, and what has to wait."""

from collections.abc import Callable

import pytest
from brokers import Host
from playing import Happening, Person, Server, fake_chat, got, handshake, handshake_url
from redises import RedisServer
from waiting import wait_for


@pytest.fixture
def server(start: Callable[..., Server], host: Host) -> Server:
    """One process, with a broker."""
    return start(**host.environment)


def test_without_redis_open_sockets_hear_on_and_no_other_opens(
    server: Server, happening: Happening, redis: RedisServer
) -> None:
    ann, ben = Person(server), Person(server)
    group = happening.group(ann, ben)
    client, events = ann.connect()
    ticket = ben.ticket()
    redis.kill()
    happening.say(group, "still heard")
    wait_for(lambda: got(events, "message.created", body="still heard"))
    assert ann.http.post("/realtime/tickets").status_code == 503
    assert handshake(handshake_url(server, ticket)).status_code == 503
    assert ann.sees(ann, ben) == {ann.id: True, ben.id: False}, "of those who are here"
    assert ann.is_told_of(ben) == "presence"
    redis.start()
    wait_for(lambda: ann.is_told_of(ben) is None)
    again, _ = ben.connect()
    wait_for(lambda: got(events, "presence", user_id=ben.id, online=True))
    wait_for(lambda: ben.sees(ann) == {ann.id: True})
    for one in (client, again):
        one.disconnect()


def test_while_nobody_knows_the_conversations_of_somebody_no_socket_opens_and_the_ticket_is_kept(
    server: Server, happening: Happening
) -> None:
    ann, ben = Person(server), Person(server)
    group = happening.group(ann, ben)
    client, events = ann.connect()
    ticket = ben.ticket()
    cyd = Person(server)
    happening.group(ann, cyd)
    cyds, _ = cyd.connect()
    assert ann.is_told_of(ben) is None
    fake_chat().is_away = True
    wait_for(lambda: ann.sees(ann, ben, cyd) == {ann.id: True, cyd.id: True})  # who are here
    assert ann.is_told_of(ben) == "presence"
    assert handshake(handshake_url(server, ticket)).status_code == 503
    happening.say(group, "still heard")
    wait_for(lambda: got(events, "message.created", body="still heard"))
    fake_chat().is_away = False
    wait_for(lambda: ann.is_told_of(ben) is None)
    again, bens = ben.connect(ticket)
    happening.say(group, "heard by both")
    wait_for(lambda: got(bens, "message.created", body="heard by both"))
    for one in (client, again, cyds):
        one.disconnect()
