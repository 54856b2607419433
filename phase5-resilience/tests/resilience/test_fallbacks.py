"""What the monolith answers while messages does not: what it knows, and that it may be old."""

from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody

from chassis import services
from chassis.errors import NotReady
from chat.conversations.lists import Lists


class Away:
    """Messages, as seen from here while it does not answer."""

    def __getattr__(self, _name: str) -> Any:
        def ask(*_given: object) -> None:
            raise NotReady("away")

        return ask


@pytest.fixture
def ann(client: FlaskClient) -> Somebody:
    return Somebody(client, "ann")


@pytest.fixture
def group(ann: Somebody) -> str:
    """A group with three messages, the last of which is seq 4: the first is the notice."""
    group = ann.group()
    for number in range(3):
        ann.send(group, f"client-{number}")
    return group


@pytest.fixture
def away(app: Flask, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on messages does not answer."""
    monkeypatch.setattr(services.of(app).get(Lists), "_timelines", Away())


@pytest.mark.usefixtures("away")
def test_lists_and_single_conversations_are_as_far_as_the_copy_and_say_so(
    ann: Somebody, group: str
) -> None:
    for path in ("/conversations", group):
        answer = ann.ask("GET", path)
        assert (answer.status_code, answer.headers["X-Degraded"]) == (200, "messages"), path
        found: Any = answer.json
        document = found["items"][0] if path == "/conversations" else found
        assert document["last_message"]["body"] == "hello"
        assert document["last_seq"] == 4


@pytest.mark.usefixtures("away")
def test_changes_of_conversations_are_made_and_their_notice_is_said_to_come_later(
    ann: Somebody, group: str
) -> None:
    body = {"kind": "group", "name": "G", "member_ids": []}
    made = ann.ask("POST", "/conversations", body)
    assert (made.status_code, made.headers["X-Degraded"]) == (201, "messages")
    renamed = ann.ask("PATCH", group, {"name": "Another"})
    assert (renamed.status_code, renamed.headers["X-Degraded"]) == (200, "messages")
    assert cast(Any, renamed.json)["name"] == "Another"


@pytest.mark.usefixtures("away")
def test_a_marker_beyond_what_is_known_has_to_wait_and_is_no_mistake(
    ann: Somebody, group: str
) -> None:
    known = ann.ask("PUT", f"{group}/read", {"seq": 4})
    assert (known.status_code, known.headers.get("X-Degraded")) == (200, None)
    beyond = ann.ask("PUT", f"{group}/read", {"seq": 5})
    assert beyond.status_code == 503
    assert cast(Any, beyond.json)["type"].endswith("#not-ready")
    assert "X-Degraded" not in beyond.headers, "a refusal is not half an answer"


def test_while_messages_answers_nothing_is_said(ann: Somebody, group: str) -> None:
    for path in ("/conversations", group):
        assert "X-Degraded" not in ann.ask("GET", path).headers
    assert ann.ask("PUT", f"{group}/read", {"seq": 5}).status_code == 422
