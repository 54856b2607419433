"""Two processes: whoever is connected to the one meets those at the other."""

from functools import partial

import pytest
import socketio
from playing import Happening, Person, Server, got
from redises import RedisServer
from waiting import wait_for

from realtime.presence import KEPT, Presence
from realtime.store import Store


def test_a_ticket_of_one_process_opens_one_socket_at_whichever(pair: list[Server]) -> None:
    ann = Person(pair[0])
    ticket = ann.ticket()
    client, _ = ann.at(pair[1]).connect(ticket)
    for server in pair:
        with pytest.raises(socketio.exceptions.ConnectionError):
            ann.at(server).connect(ticket)
    client.disconnect()


def test_a_message_reaches_the_sockets_of_both_and_who_is_removed_hears_no_more(
    pair: list[Server], happening: Happening
) -> None:
    people = [Person(pair[number % 2]) for number in range(4)]
    group = happening.group(*people)
    sockets = [one.connect() for one in people]
    happening.say(group, "to all")
    for _, events in sockets:
        wait_for(partial(got, events, "message.created", body="to all"))
    for gone in people[:2]:
        happening.remove(group, gone)
    happening.say(group, "to who stayed")
    for _, events in sockets[2:]:
        wait_for(partial(got, events, "message.created", body="to who stayed"))
    for gone, (_, events) in zip(people[:2], sockets[:2], strict=True):
        wait_for(partial(got, events, "conversation.member_removed", user_id=gone.id))
        assert not got(events, "message.created", body="to who stayed")
    for client, _ in sockets:
        client.disconnect()


def test_typing_and_presence_reach_the_other_process(
    pair: list[Server], happening: Happening
) -> None:
    ann, ben, stranger = Person(pair[0]), Person(pair[1]), Person(pair[0])
    group = happening.group(ann, ben)
    (one, heard), (other, nothing) = ann.connect(), stranger.connect()
    bens, _ = ben.connect()
    wait_for(lambda: got(heard, "presence", user_id=ben.id, online=True))
    bens.emit("typing", {"conversation_id": group})
    wait_for(lambda: got(heard, "typing", user_id=ben.id))
    bens.disconnect()
    wait_for(lambda: got(heard, "presence", user_id=ben.id, online=False))
    assert not got(nothing, "typing")
    assert not got(nothing, "presence", user_id=ben.id)
    one.disconnect()
    other.disconnect()


def test_a_tab_at_one_process_closes_and_one_at_the_other_is_still_there(
    pair: list[Server], happening: Happening
) -> None:
    ann, ben = Person(pair[0]), Person(pair[1])
    group = happening.group(ann, ben)
    watcher, heard = ann.connect()
    first, _ = ben.connect()
    wait_for(lambda: got(heard, "presence", user_id=ben.id, online=True))
    assert ann.sees(ben) == {ben.id: True}, "asked at the other process"
    second, _ = ben.at(pair[0]).connect()
    first.disconnect()
    wait_for(lambda: pair[1].metric("chat_sockets_open") == 0)
    happening.say(group, "by then it would have been told")
    wait_for(lambda: got(heard, "message.created"))
    assert not got(heard, "presence", user_id=ben.id, online=False)
    second.disconnect()
    wait_for(lambda: got(heard, "presence", user_id=ben.id, online=False))
    assert ann.sees(ben) == {ben.id: False}
    watcher.disconnect()


def test_with_one_process_killed_its_people_go_to_the_other_and_the_rest_is_told_to_be_gone(
    pair: list[Server], happening: Happening
) -> None:
    ann, ben, cyd = Person(pair[0]), Person(pair[1]), Person(pair[1])
    happening.group(ann, ben, cyd)
    watcher, heard = ann.connect()
    for one in (ben, cyd):
        one.connect()
        wait_for(partial(got, heard, "presence", user_id=one.id, online=True))
    pair[1].stop()
    back, _ = ben.at(pair[0]).connect()
    wait_for(lambda: got(heard, "presence", user_id=cyd.id, online=False), within=40)
    assert ann.sees(ben, cyd) == {ben.id: True, cyd.id: False}
    assert not got(heard, "presence", user_id=ben.id, online=False)
    for client in (back, watcher):
        client.disconnect()


def test_a_process_that_says_nothing_is_buried_once(redis: RedisServer) -> None:
    one, other = (Presence(Store(redis.url, 1)) for _ in range(2))
    one.say(["ann", "ben"])
    other.say([])
    other.moved("cyd", online=True)
    assert one.online(["ann", "cyd", "dan"]) == {"ann", "cyd"}
    other.moved("cyd", online=False)
    one.moved("ben", online=False)
    assert list(other.bury()) == []
    redis.client.delete(f"realtime:alive:{one.name}")  # as it expires
    assert other.online(["ann"]) == set()
    assert list(other.bury()) == ["ann"]
    assert list(other.bury()) == []
    assert redis.client.ttl(f"realtime:people:{one.name}") <= KEPT
    other.say(["eve"])
    assert redis.stored("realtime:people:*") == [f"realtime:people:{other.name}"]
