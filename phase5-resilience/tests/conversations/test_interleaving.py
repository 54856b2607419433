"""What two people do at the same moment: the database's constraints and locks decide."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody, told
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from chassis import services
from chat.conversations import counters, membership, service
from chat.people.service import PeopleService


def test_two_who_begin_to_talk_at_the_same_moment_get_one_conversation(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben begins while Ann's request is on its way: she has been checked, nothing is stored."""
    ann, ben = Somebody(client, "ann"), Somebody(client, "ben")
    people = services.of(app).get(PeopleService)
    check = people.missing
    due = [lambda: ben.ask("POST", "/conversations", {"kind": "direct", "member_ids": [ann.id]})]
    his = []

    def checked(user_ids: list[str]) -> set[str]:
        found = check(user_ids)
        if due:
            his.append(due.pop()())
        return found

    monkeypatch.setattr(people, "missing", checked)
    events = told(app, monkeypatch)
    hers = ann.ask("POST", "/conversations", {"kind": "direct", "member_ids": [ben.id]})
    assert [answer.status_code for answer in (*his, hers)] == [201, 200]
    assert hers.json is not None
    assert his[0].json is not None
    assert hers.json["id"] == his[0].json["id"]
    assert [event["type"] for event in events] == ["membership.changed"]


def test_who_changes_a_conversation_locks_it_before_anything_else() -> None:
    """PostgreSQL locks in the order of FROM: conversations first, so nobody waits in a circle."""
    statement = membership._MEMBERSHIP_FOR_CHANGE
    of_postgres = str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "FROM conversations JOIN members" in of_postgres
    assert of_postgres.rstrip().endswith("FOR UPDATE")


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
