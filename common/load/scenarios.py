"""What people do, as Locust users: one request per task, weighted like a day of chat.

Under plain Locust people pause between tasks (`wait_time`). `lab bench` gives the environment an
`Arrivals` instead, and each task then has a due time.
"""

import json
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, ClassVar
from urllib.request import Request, urlopen

import gevent
from locust import FastHttpUser, between, task
from locust.contrib.socketio import SocketIOUser
from locust.exception import StopUser

from load.arrivals import Arrivals
from load.world import Person

API = "/api/v1"
PAGE = 50
EMOJI = "%F0%9F%91%8D"
WORDS = ("be", "bench", "an", "ma", "so")

pause = between(1, 5)
"""Seconds that a person takes between two tasks, where nothing else sets the pace."""


class Cast:
    """Who is played: handed out one after the other, from the start again when all are taken."""

    people: ClassVar[list[Person]] = []
    _next: ClassVar[dict[str, Iterator[Person]]] = {}

    @classmethod
    def assemble(cls, people: list[Person]) -> None:
        """Set who is played from now on."""
        cls.people = people
        cls._next = {}

    @classmethod
    def take(cls, role: str) -> Person:
        """Return the next person for a role; without anybody, the user who asks ends."""
        if not cls.people:
            raise StopUser
        return next(cls._next.setdefault(role, cycle(cls.people)))


class ChatUser(FastHttpUser):
    """Somebody who uses the API; subclasses say what for."""

    abstract = True
    network_timeout = 15.0
    connection_timeout = 15.0
    max_redirects = 0

    def on_start(self) -> None:
        """Take a role and wait for the first turn."""
        self.person = Cast.take("speaker")
        self.own: deque[tuple[str, str]] = deque(maxlen=20)
        self._headers = {"Authorization": f"Bearer {self.person.token}"}
        self._due: float | None = None
        self._was_free = True
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Return the seconds until the next task is due."""
        arrivals: Arrivals | None = getattr(self.environment, "arrivals", None)
        if arrivals is None:
            return float(pause(self))
        self._due = arrivals.take()
        delay = self._due - time.perf_counter()
        self._was_free = delay > 0
        return max(delay, 0)

    def context(self) -> dict[str, Any]:
        """Tell the recorder when the request was due and when it is sent."""
        return {"due": self._due, "sent": time.perf_counter(), "was_free": self._was_free}

    def call(self, method: str, path: str, name: str, body: object = None) -> Any:
        """Make one request; `name` is the operation that it counts for."""
        return self.client.request(
            method, API + path, name=name, json=body, headers=self._headers, allow_redirects=True
        )

    def somewhere(self) -> str:
        """Return the id of one of the person's conversations; the livelier the likelier."""
        places = self.person.places
        return places[int(len(places) * random.random() ** 2)].id  # noqa: S311 - no secret

    def send_to(self, conversation_id: str) -> None:
        """Send a message that carries the time at which it was sent."""
        body = {"client_id": stamp(), "body": "See you at the station at ten past eight, as usual."}
        answer = self.call("POST", f"/conversations/{conversation_id}/messages", "send", body)
        if answer.status_code == 201:
            self.own.append((conversation_id, answer.json()["id"]))


class Day(ChatUser):
    """A day of chat."""

    wait_time = ChatUser.wait_time

    @task(15)
    def list(self) -> None:
        """Open the list of conversations."""
        self.call("GET", f"/conversations?limit={PAGE}", "list")

    @task(25)
    def open(self) -> None:
        """Open a conversation: its newest page."""
        self.call("GET", f"/conversations/{self.somewhere()}/messages?limit={PAGE}", "history")

    @task(10)
    def scroll_back(self) -> None:
        """Read an older page."""
        place = random.choice(self.person.places)  # noqa: S311 - no secret
        before = random.randint(1, max(place.last_seq, 1)) + PAGE  # noqa: S311 - no secret
        path = f"/conversations/{place.id}/messages?before={before}&limit={PAGE}"
        self.call("GET", path, "scroll back")

    @task(20)
    def send(self) -> None:
        """Send a message."""
        self.send_to(self.somewhere())

    @task(2)
    def edit(self) -> None:
        """Correct one's last message."""
        if not self.own:
            return self.send()
        conversation_id, message_id = self.own[-1]
        path = f"/conversations/{conversation_id}/messages/{message_id}"
        self.call("PATCH", path, "edit", {"body": f"Corrected: {secrets.token_hex(4)}"})
        return None

    @task(5)
    def react(self) -> None:
        """React to a message that one knows."""
        if not self.own:
            return self.send()
        conversation_id, message_id = self.own[0]
        path = f"/conversations/{conversation_id}/messages/{message_id}/reactions/{EMOJI}"
        self.call("PUT", path, "react")
        return None

    @task(15)
    def mark_read(self) -> None:
        """Say how far one has read."""
        place = random.choice(self.person.places)  # noqa: S311 - no secret
        self.call("PUT", f"/conversations/{place.id}/read", "mark read", {"seq": place.last_seq})

    @task(3)
    def search(self) -> None:
        """Look for somebody."""
        word = random.choice(WORDS)  # noqa: S311 - no secret
        self.call("GET", f"/profiles/search?q={word}&limit=20", "search people")

    @task(5)
    def profiles(self) -> None:
        """Read the profiles that a page of history needs."""
        some = random.sample(Cast.people, min(20, len(Cast.people)))
        ids = ",".join(person.id for person in some)
        self.call("GET", f"/profiles?ids={ids}", "profiles")


class Sender(ChatUser):
    """Sends, and nothing else."""

    @task
    def send(self) -> None:
        """Send a message."""
        self.send_to(self.somewhere())


class Lister(ChatUser):
    """Opens the list, and nothing else."""

    @task
    def list(self) -> None:
        """Open the list of conversations."""
        self.call("GET", f"/conversations?limit={PAGE}", "list")


class Reader(ChatUser):
    """Opens conversations, and nothing else."""

    @task
    def open(self) -> None:
        """Open a conversation: its newest page."""
        self.call("GET", f"/conversations/{self.somewhere()}/messages?limit={PAGE}", "history")


class CircleSender(ChatUser):
    """Sends to the person's circle, whose members listen."""

    @task
    def send(self) -> None:
        """Send a message."""
        self.send_to(self.person.circle)


class Listener(SocketIOUser):
    """Holds a socket open and measures the time from a send to its arrival here.

    Sender and listener must run on machines whose clocks agree; on one machine they do.
    """

    options = {"reconnection": False, "handle_sigint": False}  # noqa: RUF012 - as Locust has it
    wait_time = between(60, 60)
    on_receipt: ClassVar[Callable[[float], None] | None] = None
    """Where receipt times go; None: to Locust's own statistics."""
    connected: ClassVar[int] = 0

    def on_start(self) -> None:
        """Get a ticket and connect."""
        self.person = Cast.take("listener")
        self.sio.on("*", self._receive)  # in the place of Locust's, which measures no time
        ticket = ticket_for(self.host or "", self.person)
        address = f"{self.host}/?ticket={ticket}"
        self.sio.connect(address, transports=["websocket"])  # type: ignore[no-untyped-call]
        Listener.connected += 1

    def on_stop(self) -> None:
        """Hang up."""
        self.sio.disconnect()

    @task
    def listen(self) -> None:
        """Stay; what arrives is handled as it comes."""
        if not self.sio.connected:
            raise StopUser

    def _receive(self, event: str, data: Any) -> None:
        if event != "message.created":
            return
        message = data["data"]["message"]
        sent = sent_at(message["client_id"])
        if sent is None or message["sender_id"] == self.person.id:
            return
        milliseconds = (time.time() - sent) * 1000
        if Listener.on_receipt is not None:
            Listener.on_receipt(milliseconds)
        else:
            self.environment.events.request.fire(
                request_type="WSR",
                name="receipt",
                response_time=milliseconds,
                response_length=0,
                exception=None,
                context={},
            )


def ticket_for(host: str, person: Person) -> str:
    """Return a ticket for one socket."""
    request = Request(  # noqa: S310 - the host is an http address of ours
        f"{host}{API}/realtime/tickets",
        method="POST",
        headers={"Authorization": f"Bearer {person.token}"},
    )
    with urlopen(request, timeout=15) as answer:  # noqa: S310
        return str(json.load(answer)["ticket"])


def stamp() -> str:
    """Return a client id that says when it was made."""
    return f"{time.time_ns()}-{secrets.token_hex(4)}"


def sent_at(client_id: str | None) -> float | None:
    """Return the Unix time (seconds) in a client id made by `stamp`, or None."""
    head = (client_id or "").partition("-")[0]
    return int(head) / 1e9 if head.isdecimal() else None
