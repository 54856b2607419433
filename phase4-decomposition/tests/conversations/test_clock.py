"""A clock that is set back changes no order: of conversations, of messages, of who came first."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from postgres import settings_for
from stand_in import create_app

from chat.conversations import members, service
from chat.messages import timeline

HOUR = 3600 * 1000


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of whatever is ordered by time; logins keep the real one."""
    clock = Clock()
    for module in (service, members, timeline):
        monkeypatch.setattr(module, "now_ms", clock)
    return clock


class Chat:
    """One person and what they do."""

    def __init__(self, client: FlaskClient, name: str = "ann") -> None:
        self._client = client
        body = {"username": name, "password": "correct horse", "display_name": name}
        tokens = client.post("/api/v1/auth/register", json=body).json
        assert tokens is not None
        self.id = tokens["user_id"]
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self._sends = 0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.open(
            f"/api/v1{path}", method=method, json=body, headers=self._headers
        )
        assert answer.status_code < 300, answer.text
        return answer.json

    def group(self, name: str = "G") -> str:
        body = {"kind": "group", "name": name, "member_ids": []}
        return str(self.call("POST", "/conversations", body)["id"])

    def send(self, conversation: str) -> Any:
        self._sends += 1
        body = {"client_id": f"c{self._sends}", "body": "hello"}
        return self.call("POST", f"/conversations/{conversation}/messages", body)

    def listed(self) -> list[str]:
        """Return the list of conversations, page by page."""
        found: list[str] = []
        page = self.call("GET", "/conversations?limit=1")
        while page["next_cursor"]:
            found.append(page["items"][0]["id"])
            page = self.call("GET", f"/conversations?limit=1&cursor={page['next_cursor']}")
        return [*found, *(one["id"] for one in page["items"])]


def test_what_happens_last_is_on_top(client: FlaskClient, clock: Clock) -> None:
    ann = Chat(client)
    one, two, three = ann.group(), ann.group(), ann.group()
    assert ann.listed() == [three, two, one], "all in one millisecond"
    for back in (0, HOUR, 2 * HOUR, -HOUR):
        clock.ms -= back
        for order in ((one, two, three), (three, one, two), (two, two, three)):
            for conversation in order:
                ann.send(conversation)
                assert ann.listed()[0] == conversation
    clock.ms -= HOUR
    new = ann.group()
    assert ann.listed()[0] == new


def test_a_new_direct_conversation_is_on_top(client: FlaskClient, clock: Clock) -> None:
    ann, bob = Chat(client), Chat(client, "bob")
    ann.group()
    clock.ms -= HOUR
    body = {"kind": "direct", "member_ids": [bob.id]}
    direct = ann.call("POST", "/conversations", body)["id"]
    assert ann.listed()[0] == direct


def test_the_time_of_a_message_is_what_the_clock_said(client: FlaskClient, clock: Clock) -> None:
    ann = Chat(client)
    one, two = ann.group(), ann.group()
    clock.ms += HOUR
    sent = ann.send(one)
    assert ann.call("GET", f"/conversations/{one}")["last_activity_at"] == sent["created_at"]
    clock.ms -= HOUR
    assert ann.send(two)["created_at"] < sent["created_at"]
    assert ann.call("GET", f"/conversations/{two}")["last_activity_at"] > sent["created_at"]


def test_who_joins_later_stands_below_and_inherits_later(client: FlaskClient, clock: Clock) -> None:
    ann, bob, cem = Chat(client), Chat(client, "bob"), Chat(client, "cem")
    group = ann.group()
    for person in (cem, bob):
        clock.ms -= HOUR
        ann.call("POST", f"/conversations/{group}/members", {"user_ids": [person.id]})
    members = ann.call("GET", f"/conversations/{group}/members")["items"]
    assert [one["user_id"] for one in members] == [ann.id, cem.id, bob.id]
    ann.call("DELETE", f"/conversations/{group}/members/{ann.id}")
    roles = {
        one["user_id"]: one["role"]
        for one in bob.call("GET", f"/conversations/{group}/members")["items"]
    }
    assert roles == {cem.id: "owner", bob.id: "member"}


def test_a_second_process_with_a_slow_clock_is_no_exception(
    client: FlaskClient, clock: Clock, tmp_path: Path
) -> None:
    ann = Chat(client)
    one, two = ann.group(), ann.group()
    ann.send(one)
    other = create_app(settings_for(tmp_path / "data")).test_client()
    clock.ms -= HOUR
    ann._client = other
    ann.send(two)
    assert ann.listed() == [two, one]
