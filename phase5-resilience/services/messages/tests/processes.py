"""The messages service as a process, to be killed, and somebody who writes to it."""

import base64
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import httpx
from fake_auth import fake_auth
from playing import SECRET
from postgres import free_port
from running import Server

from chassis.ids import new_id
from events.timelines import Change, Described, notice


class MessagesServer(Server):
    """gunicorn as compose.yaml starts it."""

    configuration = "services/messages/gunicorn.conf.py"

    def __init__(self, data_dir: Path, **environment: str) -> None:
        port = free_port()
        self.inside = f"http://127.0.0.1:{port}"
        given = {
            "PYTHONPATH": os.environ["PYTHONPATH"],
            "CHAT_INTERNAL_BIND": f"127.0.0.1:{port}",
            "CHAT_CONVERSATIONS_URL": fake_auth().url,
            **environment,
        }
        super().__init__(data_dir, "messages.app:create_app()", **given)

    def group(self, owner: "Writer") -> str:
        """Have it hear of a new group; return the group's id."""
        group = new_id()
        change = Change(
            epoch=1,
            actor_id=owner.id,
            at=1,
            conversation=Described(kind="group", name="G", created_by=owner.id),
            notice=notice("created", [], "G"),
        )
        token = fake_auth().token("timelines:write", audience="messages", sub="chat")
        path = f"{self.inside}/timelines/{group}/epochs/1"
        answer = httpx.put(path, json=change, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return group


class Writer:
    """Somebody of whom the gateway tells, with a client of their own."""

    def __init__(self, server: MessagesServer) -> None:
        self.id = new_id()
        self.http = httpx.Client(
            base_url=f"{server.url}/api/v1/conversations",
            headers={"X-Identity": self._identity()},
            timeout=15,
        )

    def send(self, group: str, client_id: str) -> httpx.Response:
        """Send a message."""
        body = {"client_id": client_id, "body": f"text {client_id}"}
        return self.http.post(f"/{group}/messages", json=body)

    def all_of(self, group: str) -> list[dict[str, Any]]:
        """Return the whole timeline; of texts none is there twice, and no number is left out."""
        found: list[dict[str, Any]] = []
        while True:
            params = {"after": len(found), "limit": 100}
            answer = self.http.get(f"/{group}/messages", params=params)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if not answer.json()["items"]:
                break
        assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
        texts = [one["client_id"] for one in found if one["kind"] == "text"]
        assert len(texts) == len(set(texts)), "a message was doubled"
        return found

    def texts(self, group: str) -> dict[str, int]:
        """Return the place of each text by its client id."""
        return {one["client_id"]: one["seq"] for one in self.all_of(group) if one["client_id"]}

    def _identity(self) -> str:
        claims = {"sub": self.id, "sid": "s", "roles": ["member"], "exp": time.time() + 900}
        said = f"v1.{_encoded(json.dumps(claims).encode())}"
        return f"{said}.{_encoded(hmac.digest(SECRET, said.encode(), hashlib.sha256))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
