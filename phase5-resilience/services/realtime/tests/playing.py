"""Playing what stands around realtime: the gateway, who has the conversations, people."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import socketio
from brokers import Host
from fake_auth import Quiet, fake_auth, problem
from flask import Flask, Response, jsonify, request
from prometheus_client.parser import text_string_to_metric_families
from redises import free_port
from waiting import PHASE, wait_for
from werkzeug.serving import make_server

from chassis.events import Announcement, Event, new_event
from chassis.ids import new_id
from chassis.messaging.cloudevents import cloud_event

SERVICE = Path(__file__).parents[1]
SECRET = b"what the gateway and realtime of these tests share"
Events = list[tuple[str, Any]]


def use_secrets() -> None:
    """Put the secrets of a test run where every process of it finds them."""
    directory = Path(tempfile.mkdtemp(prefix="chat-secrets-"))
    for name, secret in {"IDENTITY": SECRET, "CLIENT": b"of realtime"}.items():
        file = directory / name.lower()
        file.write_bytes(secret)
        os.environ[f"CHAT_{name}_SECRET_FILE"] = str(file)
    os.environ["CHAT_AUTH_URL"] = fake_auth().url
    os.environ["CHAT_MEMBERSHIPS_URL"] = fake_chat().url


class FakeChat:
    """Knows who is in which conversation; it can be away, and slow."""

    def __init__(self) -> None:
        self.members: defaultdict[str, set[str]] = defaultdict(set)
        self.asked: list[str] = []
        self.is_away = False
        app = Flask("fake chat")
        app.before_request(self._refuse)

        @app.get("/people/<user_id>/conversations")
        def conversations(user_id: str) -> Response:
            self.asked.append(user_id)
            return jsonify(conversation_ids=self._of(user_id))

        @app.get("/people/<user_id>/acquaintances")
        def acquaintances(user_id: str) -> Response:
            known = {one for room in self._of(user_id) for one in self.members[room]}
            return jsonify(user_ids=sorted(known & {*request.args["ids"].split(",")}))

        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def _refuse(self) -> Any:
        return problem(503, "not-ready") if self.is_away else None

    def _of(self, user_id: str) -> list[str]:
        return [room for room, people in self.members.items() if user_id in people]


@cache
def fake_chat() -> FakeChat:
    """Return the one of this test run."""
    return FakeChat()


class Server:
    """One gunicorn process tree on two free ports; what it says lies in `log`."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port, inside = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.operations = f"http://127.0.0.1:{inside}"
        self.log = log
        self.prefix: list[str] = []
        """A command that starts the server, such as one that sets limits."""
        self.environment = os.environ | {
            "PYTHONPATH": f"{SERVICE}:{PHASE}",
            "CHAT_BIND": f"127.0.0.1:{self.port}",
            "CHAT_OPERATIONS_BIND": f"127.0.0.1:{inside}",
            "CHAT_LOG_LEVEL": "INFO",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Return gunicorn's main process."""
        assert self._process is not None
        return self._process

    def start(self) -> "Server":
        """Start and wait until the server is ready."""
        configuration = str(SERVICE / "gunicorn.conf.py")
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", configuration]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, *gunicorn, "realtime.app:create_app()"],
                cwd=PHASE,
                env=self.environment,
                start_new_session=True,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(self.is_ready, within=60)
        return self

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Return what it has written so far, or those events of it; each line must be JSON."""
        written = [json.loads(line) for line in self.log.read_bytes().splitlines()]
        return [line for line in written if event in ("", line["event"])]

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.metrics())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def metrics(self) -> str:
        """Return all of its metrics."""
        return httpx.get(f"{self.operations}/metrics").text

    def is_ready(self) -> bool:
        """Return whether the server says that it is ready."""
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def terminate(self) -> None:
        """Ask it to stop, as `docker stop` does."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Person:
    """Somebody logged in, of whom the gateway tells."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.id, self.login_id = new_id(), new_id()
        self.http = httpx.Client(
            headers={"X-Identity": self._identity()}, base_url=f"{server.url}/api/v1", timeout=15
        )

    def at(self, server: Server) -> "Person":
        """Return the same person, at another process."""
        other = Person(server)
        other.id, other.login_id = self.id, self.login_id
        other.http.headers["X-Identity"] = other._identity()
        return other

    def ticket(self) -> str:
        """Return a ticket for one socket."""
        return str(self.http.post("/realtime/tickets").raise_for_status().json()["ticket"])

    def connect(self, ticket: str = "", **options: Any) -> tuple[socketio.Client, Events]:
        """Open a socket; return it and the list that its events will be added to."""
        client = socketio.Client(reconnection=False)
        events: Events = []
        client.on("*", lambda name, data: events.append((name, data)))
        address = f"{self.server.url}/?ticket={ticket or self.ticket()}"
        client.connect(address, transports=["websocket"], **options)
        return client, events

    def sees(self, *others: "Person") -> dict[str, bool]:
        """Return whose presence the server tells, and which."""
        path = f"/presence?ids={','.join(one.id for one in others)}"
        items = self.http.get(path).raise_for_status().json()["items"]
        return {one["user_id"]: one["online"] for one in items}

    def is_told_of(self, other: "Person") -> str | None:
        """Return what the server says it has answered without, where it tells of somebody."""
        answer = self.http.get(f"/presence?ids={other.id}").raise_for_status()
        said: str | None = answer.headers.get("X-Degraded")
        return said

    def _identity(self) -> str:
        claims = {"sub": self.id, "sid": self.login_id, "roles": [], "exp": time.time() + 900}
        said = f"v1.{_encoded(json.dumps(claims).encode())}"
        return f"{said}.{_encoded(hmac.digest(SECRET, said.encode(), hashlib.sha256))}"


class Happening:
    """What happens in conversations: known to who is asked, and told by the broker."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._rev = 0

    def group(self, *people: Person) -> str:
        """Have a new conversation."""
        group = new_id()
        fake_chat().members[group] = {one.id for one in people}
        self._created(group, *people)
        return group

    def add(self, group: str, person: Person) -> None:
        """Have somebody come into a conversation."""
        fake_chat().members[group].add(person.id)
        self._created(group, person)
        self.tell(group, "conversation.members_added", {"user_ids": [person.id]})

    def remove(self, group: str, person: Person) -> None:
        """Have somebody leave it."""
        fake_chat().members[group].discard(person.id)
        self.tell(group, "conversation.member_removed", {"user_id": person.id})

    def say(self, group: str, text: str) -> None:
        """Have somebody send a message."""
        message = {"id": new_id(), "seq": 1, "created_at": "2026-11-28T12:00:00.000Z"}
        content = [{"kind": "text", "text": text}]
        data = {"message": message, "sender": {"id": new_id()}, "content": content}
        self.tell(group, "conversation.message.created", data, version=2)

    def end(self, *login_ids: str) -> None:
        """Tell that logins have ended."""
        self._publish(new_event("", {"login_ids": list(login_ids)}), "account.logins_ended")

    def tell(
        self, group: str, topic: str, data: dict[str, Any], *people: Person, version: int = 1
    ) -> None:
        """Publish an event of a conversation."""
        self._rev += 1
        event = new_event(topic, data, conversation_id=group, rev=self._rev)
        self._publish({**event, "version": version}, topic, *people)

    def _created(self, group: str, *people: Person) -> None:
        data = {"kind": "group", "name": "G", "created_by": people[0].id}
        self.tell(group, "conversation.created", data, *people)

    def _publish(self, event: Event, topic: str, *people: Person) -> None:
        announced = Announcement(event, [one.id for one in people])
        self._host.publish(json.dumps(cloud_event(announced, topic)).encode(), topic)


def got(events: Events, kind: str, **data: Any) -> bool:
    """Return whether an event of this type has come, with at least this in it."""
    return any(
        name == kind
        and data.items() <= {**event["data"], **event["data"].get("message", {})}.items()
        for name, event in events
    )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def handshake_url(server: Server, ticket: str) -> str:
    """Return where a socket is opened."""
    return f"{server.url}/socket.io/?EIO=4&transport=websocket&ticket={ticket}"


def handshake(url: str, without: str = "") -> httpx.Response:
    """Ask for a socket, perhaps without one of the headers that it takes."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    headers.pop(without, None)
    return httpx.get(url, headers=headers, timeout=15)
