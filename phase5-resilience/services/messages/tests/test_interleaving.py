"""Two writers in one conversation: what somebody else has done since one looked is not undone."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playing import Group, Somebody, told
from sqlalchemy import Connection

from messages import changing, counters


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
    group: Group, ann: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = ann.send(group.path, "a-1")
    after_looking(monkeypatch, changing, lambda c: counters.touch(c, group.id))
    reacted = ann.do("PUT", f"{group.path}/messages/{message['id']}/reactions/👍")
    assert reacted["rev"] == message["rev"] + 2
    ann.do("PUT", f"{group.path}/messages/{message['id']}/reactions/🎉")
    given = ann.do("GET", f"{group.path}/messages/{message['id']}")["reactions"]
    assert [one["emoji"] for one in given] == ["👍", "🎉"]


def test_a_resend_gives_its_number_back_and_tells_nobody(
    group: Group, ann: Somebody, app: Flask
) -> None:
    first = ann.send(group.path, "a-1")
    events = told(app)
    assert ann.send(group.path, "a-1") == first
    body = {"client_id": "a-1", "body": "another"}
    assert ann.ask("POST", f"{group.path}/messages", body).status_code == 409
    assert events == []
    history = ann.do("GET", f"{group.path}/messages")
    assert (history["last_seq"], history["rev"]) == (first["seq"], first["rev"])
    assert ann.send(group.path, "a-2")["seq"] == first["seq"] + 1


def test_two_who_send_under_the_same_client_id_do_not_meet(
    group: Group, ann: Somebody, ben: Somebody
) -> None:
    assert ann.send(group.path, "same")["id"] != ben.send(group.path, "same")["id"]
