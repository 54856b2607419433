"""A clock that is set back changes no order: of conversations, of who came first."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from chat.conversations import members, service

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
    for module in (service, members):
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

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.open(
            f"/api/v1{path}", method=method, json=body, headers=self._headers
        )
        assert answer.status_code < 300, answer.text
        return answer.json

    def group(self, name: str = "G") -> str:
        body = {"kind": "group", "name": name, "member_ids": []}
        return str(self.call("POST", "/conversations", body)["id"])

    def listed(self) -> list[str]:
        """Return the list of conversations, page by page."""
        found: list[str] = []
        page = self.call("GET", "/conversations?limit=1")
        while page["next_cursor"]:
            found.append(page["items"][0]["id"])
            page = self.call("GET", f"/conversations?limit=1&cursor={page['next_cursor']}")
        return [*found, *(one["id"] for one in page["items"])]


def test_a_new_direct_conversation_is_on_top(client: FlaskClient, clock: Clock) -> None:
    ann, bob = Chat(client), Chat(client, "bob")
    ann.group()
    clock.ms -= HOUR
    body = {"kind": "direct", "member_ids": [bob.id]}
    direct = ann.call("POST", "/conversations", body)["id"]
    assert ann.listed()[0] == direct


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
