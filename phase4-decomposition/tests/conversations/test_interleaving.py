"""What two people do at the same moment: the database's constraints and locks decide."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody, told
from sqlalchemy.dialects import postgresql

from chassis import services
from chat.conversations import membership
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
    assert [event["type"] for event in events] == ["conversation.created"]


def test_who_changes_a_conversation_locks_it_before_anything_else() -> None:
    """PostgreSQL locks in the order of FROM: conversations first, so nobody waits in a circle."""
    statement = membership._MEMBERSHIP_FOR_CHANGE
    of_postgres = str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "FROM conversations JOIN members" in of_postgres
    assert of_postgres.rstrip().endswith("FOR UPDATE")
