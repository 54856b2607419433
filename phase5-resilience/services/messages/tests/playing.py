"""Playing what stands around messages: the gateway before it, and who has the conversations."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fake_auth import fake_auth
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis import services
from chassis.calls import Answer
from chassis.database import Database
from chassis.errors import NotReady
from chassis.events import Event
from chassis.ids import new_id
from events.timelines import Action, Change, Described, Role, notice

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

INSIDE = "http://127.0.0.1:9001"
SECRET = b"what the gateway and messages of these tests share"


class Front:
    """WSGI middleware that signs for whoever a header names."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        if user_id := environ.pop("HTTP_X_TEST_USER", ""):
            claims = {"sub": user_id, "sid": "s", "roles": ["member"], "exp": time.time() + 60}
            said = f"v1.{_encoded(json.dumps(claims).encode())}"
            mac = hmac.digest(SECRET, said.encode(), hashlib.sha256)
            environ["HTTP_X_IDENTITY"] = f"{said}.{_encoded(mac)}"
        return self._app(environ, start_response)


class Conversations:
    """Tells of epochs when it is asked; it can be away."""

    def __init__(self) -> None:
        self.changes: dict[str, list[Change]] = {}
        self.asked: list[str] = []
        self.is_away = False

    def ask(
        self, method: str, path: str, _headers: Mapping[str, str], _body: bytes, _timeout: float
    ) -> Answer:
        """Answer."""
        if self.is_away:
            raise NotReady("It is away.")
        address = urlsplit(path)
        conversation_id, after = (
            address.path.split("/")[2],
            int(parse_qs(address.query)["after"][0]),
        )
        self.asked.append(f"{method} {after}")
        found = [one for one in self.changes.get(conversation_id, []) if one["epoch"] > after]
        told = json.dumps({"items": found, "has_more": False}).encode()
        return Answer(200, "application/json", told)


class Somebody:
    """A person at messages."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.id = new_id()

    def ask(self, method: str, path: str, body: object = None) -> TestResponse:
        """Make a request below /conversations, whatever comes of it."""
        headers = {"X-Test-User": self.id}
        path = f"/api/v1/conversations{path}"
        return self._client.open(path, method=method, json=body, headers=headers)

    def do(self, method: str, path: str, body: object = None) -> Any:
        """Make a request that must succeed, and return its document."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def send(self, path: str, client_id: str, text: str = "hello") -> Any:
        """Send a message and return it."""
        return self.do("POST", f"{path}/messages", {"client_id": client_id, "body": text})

    def notices(self, path: str) -> list[str]:
        """Return what notices say, in their order."""
        items = self.do("GET", f"{path}/messages?limit=100")["items"]
        return [one["notice"]["action"] for one in items if one["notice"]]


class Group:
    """A group at conversations; messages knows what it is told of."""

    def __init__(
        self, client: FlaskClient, at: Conversations, owner: Somebody, *others: Somebody
    ) -> None:
        self._client = client
        self._at = at
        self._owner = owner
        self.id = new_id()
        self.path = f"/{self.id}"
        self.changes = at.changes.setdefault(self.id, [])
        self.change("created", *others, name="G")

    def change(
        self, action: Action, *people: Somebody, name: str | None = None, role: Role | None = None
    ) -> Change:
        """Let something change, and tell nobody."""
        change = Change(
            epoch=len(self.changes) + 1,
            actor_id=self._owner.id,
            at=1,
            conversation=Described(kind="group", name="G", created_by=self._owner.id),
            notice=notice(action, [one.id for one in people], name, role),
        )
        self.changes.append(change)
        return change

    def bring(self, epoch: int) -> Any:
        """Tell messages of an epoch; return how far the timeline is by then."""
        change = self.changes[epoch - 1]
        path = f"/timelines/{self.id}/epochs/{epoch}"
        answer = inside(self._client, "PUT", path, "timelines:write", change)
        assert answer.status_code == 200, answer.text
        return answer.json


def inside(
    client: FlaskClient, method: str, path: str, scope: str, body: object = None, **claims: Any
) -> TestResponse:
    """Ask on the internal listener, with a token of the monolith's but for what is changed."""
    token = fake_auth().token(scope, **{"audience": "messages", "sub": "chat"} | claims)
    headers = {"Authorization": f"Bearer {token}"}
    return client.open(path, method=method, json=body, headers=headers, base_url=INSIDE)


def told(app: Flask) -> list[Event]:
    """Return the list that every event is added to from now on."""
    events: list[Event] = []
    database = services.of(app).get(Database)
    publish = database._publisher.publish

    def also(event: Event, user_ids: Collection[str]) -> None:
        events.append(event)
        publish(event, user_ids)

    database._publisher.publish = also  # type: ignore[method-assign]
    return events


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
