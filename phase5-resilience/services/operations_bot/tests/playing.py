"""A chat as small as the contract allows, to be refused by and to be looked into."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.calls import Answer
from chassis.errors import NotReady

TOKEN = "of alertmanager"
SINCE = "2026-11-28T20:31:05.123Z"


@dataclass
class Group:
    """A conversation, and who is in it."""

    name: str
    owner: str
    members: set[str]
    sent: dict[str, str] = field(default_factory=dict)


@dataclass
class Chat:
    """Answers as the API does; `away` has it answer nothing, `refuses` with a status."""

    passwords: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    away: bool = False
    refuses: dict[str, int] = field(default_factory=dict)
    generation: int = 0

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Answer:
        """Serve a request."""
        assert 0 < timeout <= 10
        if self.away:
            raise NotReady("Another service does not answer.")
        parts = urlsplit(path.removeprefix("/api/v1"))
        said = json.loads(body) if body else {}
        if parts.path in self.refuses:
            return _answer(self.refuses[parts.path])
        if parts.path.startswith("/auth/"):
            return self._auth(parts.path, said)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        name, _, generation = token.partition("/")
        if name not in self.passwords or generation != str(self.generation):
            return _answer(401)
        if parts.path == "/profiles/search":
            (wanted,) = parse_qs(parts.query)["q"]
            found = [one for one in self.passwords if one.startswith(wanted)]
            return _answer(200, items=[{"id": f"id-{one}", "username": one} for one in found])
        return self._conversations(method, parts.path.split("/")[2:], name, said)

    def _auth(self, path: str, said: Any) -> Answer:
        name = said["username"]
        if path == "/auth/register":
            if name in self.passwords:
                return _answer(409)
            self.passwords[name] = said["password"]
        elif self.passwords.get(name) != said["password"]:
            return _answer(401)
        return _answer(200, access_token=f"{name}/{self.generation}")

    def _conversations(self, method: str, where: list[str], name: str, said: Any) -> Answer:
        if not where:
            if method == "POST":
                self.groups[str(len(self.groups))] = Group(said["name"], name, {f"id-{name}"})
                return _answer(201, id=str(len(self.groups) - 1))
            mine = [(key, one) for key, one in self.groups.items() if f"id-{name}" in one.members]
            shown = [
                {"id": key, "name": one.name, "role": "owner" if one.owner == name else "member"}
                for key, one in mine
            ]
            return _answer(200, items=shown)
        group = self.groups.get(where[0])
        if group is None or f"id-{name}" not in group.members:
            return _answer(404)
        if where[1] == "members":
            group.members |= set(said["user_ids"])
            return _answer(200, items=[])
        if group.sent.setdefault(said["client_id"], said["body"]) != said["body"]:
            return _answer(409)
        return _answer(201)


def _answer(status: int, **document: object) -> Answer:
    return Answer(HTTPStatus(status), "application/json", json.dumps(document).encode())


def alert(name: str = "ServiceDown", status: str = "firing", **changes: Any) -> dict[str, Any]:
    """Return an alert as Alertmanager writes it."""
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "page", "service": "profiles"},
        "annotations": {
            "summary": "profiles does not answer.",
            "runbook_url": f"monitoring/runbooks/{name}.md",
        },
        "startsAt": SINCE,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": f"f-{name}",
        **changes,
    }


def notify(bot: FlaskClient, *alerts: dict[str, Any], token: str = TOKEN) -> TestResponse:
    """Tell the bot, as Alertmanager does."""
    said = {"version": "4", "status": "firing", "receiver": "operations", "alerts": list(alerts)}
    return bot.post("/alerts", json=said, headers={"Authorization": f"Bearer {token}"})
