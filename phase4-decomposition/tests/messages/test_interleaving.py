"""Two writers in one conversation: what somebody else has done since one looked is not undone."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody, told
from sqlalchemy import Connection

from chat.conversations import counters, service
from chat.messages import changing


def after_looking(
    monkeypatch: pytest.MonkeyPatch, module: Any, then: Callable[[Connection], object]
) -> None:
    """Let a change come between the next look at a membership and what is done about it.

    Over the same connection: another one would wait for the row, which is locked.
    """
    look = module.require_member
    due = [then]

    def looked(connection: Connection, *args: Any, **kwargs: Any) -> Any:
        found = look(connection, *args, **kwargs)
        if due:
            due.pop()(connection)
        return found

    monkeypatch.setattr(module, "require_member", looked)


def test_a_reaction_carries_the_rev_that_it_made(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Somebody(client, "ann")
    group = ann.group()
    message = ann.send(group, "a-1")
    conversation_id = group.rpartition("/")[2]
    after_looking(monkeypatch, changing, lambda c: counters.touch(c, conversation_id))
    reacted = ann.do("PUT", f"{group}/messages/{message['id']}/reactions/👍")
    assert reacted["rev"] == message["rev"] + 2
    ann.do("PUT", f"{group}/messages/{message['id']}/reactions/🎉")
    given = ann.do("GET", f"{group}/messages/{message['id']}")["reactions"]
    assert [one["emoji"] for one in given] == ["👍", "🎉"]


def test_a_read_marker_that_somebody_has_moved_further_does_not_go_back(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same person on two devices."""
    ann, ben = Somebody(client, "ann"), Somebody(client, "ben")
    group = ann.group(ben)
    for number in range(5):
        ann.send(group, f"a-{number}")
    conversation_id = group.rpartition("/")[2]
    after_looking(
        monkeypatch, service, lambda c: counters.read_up_to(c, conversation_id, ben.id, 5)
    )
    events = told(app, monkeypatch)
    assert ben.do("PUT", f"{group}/read", {"seq": 3}) == {"read_seq": 5, "unread_count": 1}
    assert ben.do("GET", group)["read_seq"] == 5
    assert events == []


def test_a_resend_gives_its_number_back_and_tells_nobody(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Somebody(client, "ann")
    group = ann.group()
    first = ann.send(group, "a-1")
    events = told(app, monkeypatch)
    assert ann.send(group, "a-1") == first
    other = ann.ask("POST", f"{group}/messages", {"client_id": "a-1", "body": "another"})
    assert other.status_code == 409
    assert events == []
    history = ann.do("GET", f"{group}/messages")
    assert (history["last_seq"], history["rev"]) == (first["seq"], first["rev"])
    assert ann.send(group, "a-2")["seq"] == first["seq"] + 1


def test_two_who_send_under_the_same_client_id_do_not_meet(client: FlaskClient) -> None:
    ann, ben = Somebody(client, "ann"), Somebody(client, "ben")
    group = ann.group(ben)
    assert ann.send(group, "same")["id"] != ben.send(group, "same")["id"]
