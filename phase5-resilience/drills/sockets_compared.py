"""The realtime service, and python-socketio on gevent with nothing around it, told the same.

`python -c (this)` runs where the service does and prints what each took, as JSON. People are made
up: their tickets are written where the service looks, and their events come by the broker.
"""

import hashlib
import json
import os
import secrets
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from pika import BlockingConnection
from redis import Redis

from chassis.events import Announcement, new_event
from chassis.ids import new_id
from chassis.messaging.cloudevents import cloud_event
from chassis.messaging.settings import BrokerSettings
from events.topology import TOPOLOGY

IDLE, HEARING, MESSAGES = 1000, 500, 200
REST = 10.0
"""Seconds over which nothing happens."""
LAST_WITHIN = 120.0
FRAME, PING, PONG = b'42["message.created"', b"\x81\x012", b"\x81\x81\0\0\0\x003"
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket&ticket={} HTTP/1.1\r\nHost: x\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BARE = """
import json, socketio

events = socketio.Server(async_mode="gevent", transports=["websocket"], ping_interval=12)
served = socketio.WSGIApp(events)

@events.event
def connect(sid, environ):
    events.enter_room(sid, "all")

def tell(times, event):
    for _ in range(times):
        events.emit("message.created", event, to="all")
        events.sleep(0)

def application(environ, start_response):
    if environ["PATH_INFO"] != "/tell":
        return served(environ, start_response)
    times, event = json.load(environ["wsgi.input"])
    events.start_background_task(tell, times, event)
    start_response("204 No Content", [])
    return []
"""


class Server(NamedTuple):
    """Where it is, the process that does the work, and how it is told of a message."""

    address: tuple[str, int]
    pid: int
    tell: Callable[[int], None]
    ticket: Callable[[int], str]


class Clients:
    """Raw sockets in one thread, so that whoever reads costs little."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._selector = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        self.frames = 0

    def open(self, count: int) -> None:
        """Open so many."""
        for number in range(count):
            one = socket.create_connection(self._server.address, timeout=10)
            one.sendall(UPGRADE.format(self._server.ticket(number)).encode())
            if b" 101 " not in one.recv(4096):
                raise RuntimeError("the handshake was refused")
            one.sendall(b"\x81\x82\0\0\0\x0040")  # Socket.IO's connect packet
            one.settimeout(0)
            self._rest[one] = b""
            self._selector.register(one, selectors.EVENT_READ)
            self.read(0)

    def read(self, seconds: float, until: int = sys.maxsize) -> None:
        """Read for so long, or until so many events have come; answer pings."""
        end = time.monotonic() + seconds
        while True:
            for key, _ in self._selector.select(max(min(end - time.monotonic(), 0.1), 0)):
                self._take(key.fileobj)
            if self.frames >= until or time.monotonic() >= end:
                return

    def close(self) -> None:
        """Close all."""
        for one in self._rest:
            one.close()
        self._selector.close()

    def _take(self, one: Any) -> None:
        data = one.recv(1 << 18)
        if not data:
            raise RuntimeError("a socket was closed")
        if PING in data:
            one.sendall(PONG)
        text = self._rest[one] + data
        self.frames += text.count(FRAME)
        self._rest[one] = text[max(text.rfind(FRAME) + 1, len(text) - len(FRAME) + 1) :]


def measure(server: Server) -> dict[str, float]:
    """Open sockets, let them rest, then tell some of them something."""
    people = Clients(server)
    try:
        people.open(HEARING)
        memory = _memory(server.pid)
        people.open(IDLE - HEARING)
        people.read(2)
        memory = _memory(server.pid) - memory
        worked = _cpu(server.pid)
        people.read(REST)
        idle = (_cpu(server.pid) - worked) / REST
    finally:
        people.close()
    time.sleep(3)
    hearing = Clients(server)
    try:
        hearing.open(HEARING)
        hearing.read(2)
        wanted = HEARING * MESSAGES
        worked, began, before = _cpu(server.pid), time.monotonic(), hearing.frames
        server.tell(MESSAGES)
        hearing.read(LAST_WITHIN, before + wanted)
        took = time.monotonic() - began
        worked = _cpu(server.pid) - worked
        delivered = hearing.frames - before
    finally:
        hearing.close()
    return {
        "memory": memory / (IDLE - HEARING),
        "idle": idle / IDLE,
        "delivered": delivered,
        "wanted": wanted,
        "took": took,
        "worked": worked,
    }


def realtime(group: str) -> Server:
    """Return the service; its people come into a conversation by its event."""
    host, _, port = os.environ["CHAT_BIND"].rpartition(":")
    redis = Redis.from_url(os.environ["CHAT_STORE_URL"])
    people = [new_id() for _ in range(IDLE)]

    def ticket(number: int) -> str:
        ticket = secrets.token_urlsafe(32)
        key = f"realtime:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
        redis.set(key, json.dumps([people[number % IDLE], new_id()]), ex=30)
        return ticket

    def tell(times: int) -> None:
        settings = BrokerSettings(
            broker_url=os.environ["CHAT_BROKER_URL"],
            broker_password_file=Path(os.environ["CHAT_BROKER_PASSWORD_FILE"]),
        )
        with closing(BlockingConnection(settings.parameters("drill"))) as connection:
            channel = connection.channel()
            created = new_event(
                "conversation.created",
                {"kind": "group", "name": "Drill", "created_by": people[0]},
                conversation_id=group,
                rev=1,
            )
            for said, topic, audience in (
                (created, "conversation.created", people[:HEARING]),
                *((_message(group), "conversation.message.created", []) for _ in range(times)),
            ):
                body = json.dumps(cloud_event(Announcement(said, audience), topic)).encode()
                channel.basic_publish(TOPOLOGY.exchange, topic, body)

    place = host.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - as compose.yaml says
    return Server((place, int(port)), _listener(int(port)), tell, ticket)


@contextmanager
def bare(group: str) -> Iterator[Server]:
    """Start a server that knows nobody: gunicorn and python-socketio, both on gevent."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    event = json.dumps(_as_people_get_it(_message(group)))
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "bare.py").write_text(BARE)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--worker-class", "gevent"),
                *("--worker-connections", str(2 * IDLE), "--bind", f"127.0.0.1:{port}"),
                *("--no-control-socket", "--worker-tmp-dir", "/dev/shm", "bare:application"),  # noqa: S108
            ],
            cwd=directory,
            env={"PATH": os.environ["PATH"]},
            stderr=subprocess.DEVNULL,
        )

        def tell(times: int) -> None:
            said = f"[{times},{event}]".encode()
            urlopen(f"http://127.0.0.1:{port}/tell", said, timeout=10).close()

        try:
            yield Server(("127.0.0.1", port), _listener(port), tell, lambda _: "none")
        finally:
            process.terminate()
            process.wait()


def _message(group: str) -> Any:
    message = {"id": new_id(), "seq": 1, "created_at": "2026-11-28T12:00:00.000Z"}
    sender = {"id": new_id(), "client_id": "drill"}
    data = {"message": message, "sender": sender, "content": [{"kind": "text", "text": "x" * 60}]}
    event = new_event("message.created", data, conversation_id=group, rev=1)
    return {**event, "version": 2}


def _as_people_get_it(event: Any) -> Any:
    """Return an event of about the size that the service makes of it."""
    said = event["data"]
    flat = {**said["message"], "sender_id": said["sender"]["id"], "client_id": "drill", "rev": 1}
    nothing = dict.fromkeys(("reply_to", "notice", "edited_at", "deleted_at"))
    where = {"conversation_id": event["conversation_id"], "kind": "text", "body": "x" * 60}
    return {**event, "data": {"message": {**where, **flat, **nothing, "reactions": []}}}


def _listener(port: int) -> int:
    """Return the youngest process that listens on a port: gunicorn's worker, not its master."""
    for _ in range(200):
        inodes = {
            f"socket:[{line.split()[9]}]"
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
        }
        found = [int(one.name) for one in Path("/proc").glob("[0-9]*") if _opens(one, inodes)]
        if len(found) > 1:
            return max(found)
        time.sleep(0.1)
    raise RuntimeError(f"nobody listens on {port}")


def _opens(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):
        return any(str(file.readlink()) in inodes for file in (process / "fd").iterdir())
    return False


def _cpu(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    """Return the bytes that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    conversation = new_id()
    with bare(conversation) as other:
        found = {"bare": measure(other)}
    found["realtime"] = measure(realtime(conversation))
    print(json.dumps(found))
