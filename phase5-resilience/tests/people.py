"""People at an application without a server in between."""

from collections.abc import Collection
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis import services
from chassis.database import Database
from chassis.events import Event


class Somebody:
    """A registered person."""

    def __init__(self, client: FlaskClient, username: str) -> None:
        self._client = client
        body = {"username": username, "password": "correct horse", "display_name": username}
        self.registered = client.post("/api/v1/auth/register", json=body)
        tokens: Any = self.registered.json
        self.id = tokens.get("user_id", "")
        self.headers = {"Authorization": f"Bearer {tokens.get('access_token')}"}

    def ask(self, method: str, path: str, body: object = None) -> TestResponse:
        """Make a request, whatever comes of it."""
        return self._client.open(f"/api/v1{path}", method=method, json=body, headers=self.headers)

    def do(self, method: str, path: str, body: object = None) -> Any:
        """Make a request that must succeed, and return its document."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def group(self, *others: "Somebody") -> str:
        """Create a group and return its path."""
        body = {"kind": "group", "name": "G", "member_ids": [one.id for one in others]}
        return f"/conversations/{self.do('POST', '/conversations', body)['id']}"

    def send(self, group: str, client_id: str, text: str = "hello") -> Any:
        """Send a message and return it."""
        return self.do("POST", f"{group}/messages", {"client_id": client_id, "body": text})


def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Return the list that every event is added to from now on, instead of being published."""
    events: list[Event] = []

    def publish(event: Event, _audience: Collection[str]) -> None:
        events.append(event)

    monkeypatch.setattr(services.of(app).get(Database)._publisher, "publish", publish)
    return events
