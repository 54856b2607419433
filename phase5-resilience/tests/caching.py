"""Applications with a real Redis, and people at them."""

import uuid
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from postgres import settings_for
from redises import PAUSE, Pretender, RedisServer, free_port, outcome, queries
from running import wait_for
from stand_in import create_app
from werkzeug.test import TestResponse

from chassis import services
from chassis.cache.link import Link

__all__ = ["PAUSE", "Pretender", "RedisServer", "free_port", "outcome", "queries"]


def app_on(directory: Path, url: str, timeout: float = 5.0) -> Flask:
    """Return an application; `timeout` is long by default, so that a busy machine cuts no link."""
    settings = settings_for(directory, cache_url=url, cache_timeout=timeout, cache_pause=PAUSE)
    app: Flask = create_app(settings)
    return app


def until_on(app: Flask) -> Flask:
    """Wait until the application has its Redis, and return it."""
    wait_for(services.of(app).get(Link).epoch)
    return app


class Somebody:
    """A registered person at an application without a server; every answer must be a success."""

    def __init__(self, app: Flask, tokens: dict[str, Any] | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self.tokens: dict[str, Any] = tokens or self._register()
        self.id: str = self.tokens["user_id"]

    def at(self, app: Flask) -> "Somebody":
        """Return the same person at another application on the same data."""
        return Somebody(app, self.tokens)

    def ask(self, method: str, path: str, body: object = None) -> TestResponse:
        """Make a request, whatever comes of it."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def do(self, method: str, path: str, body: object = None) -> Any:
        """Make a request and return its document."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def list(self) -> list[dict[str, Any]]:
        """Return the first page of the list."""
        items: list[dict[str, Any]] = self.do("GET", "/conversations")["items"]
        return items

    def group(self, *others: "Somebody") -> str:
        """Create a group and return its id."""
        ids = [one.id for one in others]
        body = {"kind": "group", "name": "Lunch", "member_ids": ids}
        return str(self.do("POST", "/conversations", body)["id"])

    def send(self, conversation: str, text: str = "hello") -> dict[str, Any]:
        """Send a message."""
        body = {"client_id": uuid.uuid4().hex, "body": text}
        message: dict[str, Any] = self.do("POST", f"/conversations/{conversation}/messages", body)
        return message

    def _register(self) -> Any:
        body = {
            "username": f"p{uuid.uuid4().hex[:12]}",
            "password": "correct horse",
            "display_name": "P",
        }
        return self.client.post("/api/v1/auth/register", json=body).json
