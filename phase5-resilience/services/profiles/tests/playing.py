"""The profile service behind a gateway that is played, and people at it."""

import json
import uuid
from pathlib import Path
from typing import Any

import postgres
from fake_auth import fake_auth
from flask import Flask
from flask.testing import FlaskClient
from front import StandIn
from pydantic import PostgresDsn
from redises import PAUSE
from sqlalchemy import select
from waiting import wait_for
from werkzeug.test import TestResponse

from chassis import services
from chassis.cache.link import Link
from chassis.database import Database
from chassis.messaging.outbox import OutboxRow
from profiles.app import create_app
from profiles.service import ProfileService
from profiles.settings import Settings

INSIDE = "http://127.0.0.1:9001"


def settings_for(directory: Path, **given: Any) -> Settings:
    """Return settings with the database that stands for a test's directory."""
    url = PostgresDsn(postgres.address_of(directory))
    bound = {"database_url": url, "internal_bind": "0.0.0.0:9001", "cache_pause": PAUSE}
    return Settings(**{**bound, **given})


def app_on(directory: Path, **given: Any) -> Flask:
    """Return the application; whoever registers at auth has a profile."""
    app = create_app(settings_for(directory, **given))
    registered = services.of(app).get(ProfileService).create
    app.wsgi_app = StandIn(app.wsgi_app, registered)  # type: ignore[method-assign]
    return app


def until_on(app: Flask) -> Flask:
    """Wait until the application has its Redis, and return it."""
    wait_for(services.of(app).get(Link).epoch)
    return app


class Somebody:
    """A registered person."""

    def __init__(self, app: Flask, tokens: Any = None, **said: str) -> None:
        self._client: FlaskClient = app.test_client()
        name = said.get("username", f"p{uuid.uuid4().hex[:12]}")
        body = {"username": name, "password": "correct horse", "display_name": "P", **said}
        self.tokens: Any = tokens
        if tokens is None:
            self.tokens = dict(self._client.post("/api/v1/auth/register", json=body).json or {})
        self.id: str = self.tokens["user_id"]
        self.headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def at(self, app: Flask) -> "Somebody":
        """Return the same person at another application on the same data."""
        return Somebody(app, self.tokens)

    def ask(self, method: str, path: str, body: object = None) -> TestResponse:
        """Make a request, whatever comes of it."""
        path = f"/api/v1/profiles{path}"
        return self._client.open(path, method=method, json=body, headers=self.headers)

    def do(self, method: str, path: str, body: object = None) -> Any:
        """Make a request that must succeed, and return its document."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def name(self, of: str = "me") -> str:
        """Return a display name."""
        return str(self.do("GET", f"/{of}")["display_name"])

    def rename(self, name: str) -> None:
        """Change one's display name."""
        self.do("PATCH", "/me", {"display_name": name})


def inside(
    client: FlaskClient, method: str, path: str, scope: str = "", body: object = None
) -> TestResponse:
    """Ask on the internal listener, with a token for that."""
    token = fake_auth().token(scope, "profiles", sub="chat") if scope else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.open(path, method=method, json=body, headers=headers, base_url=INSIDE)


def told(app: Flask) -> list[Any]:
    """Return the data of all events that there ever were."""
    with services.of(app).get(Database).read() as connection:
        asked = select(OutboxRow.event).order_by(OutboxRow.id)
        return [json.loads(event)["data"] for event in connection.scalars(asked)]
