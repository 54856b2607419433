"""Starting, stopping and using the real server: gunicorn as compose.yaml starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, Self

import httpx
import postgres
from prometheus_client.parser import text_string_to_metric_families
from waiting import PHASE, wait_for

__all__ = ["PHASE", "Person", "Server", "wait_for"]


def metric(exposed: str, name: str, **labels: str) -> float:
    """Return the sum of the samples of this name that have these labels, from Prometheus's text."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(exposed)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


class Server:
    """One gunicorn process tree on two free ports; what it says lies in `log`."""

    configuration = "gunicorn.conf.py"

    def __init__(
        self, data_dir: Path, application: str = "stand_in:create_app()", **environment: str
    ) -> None:
        with socket.socket() as free, socket.socket() as other:
            for one in (free, other):
                one.bind(("127.0.0.1", 0))
            self.port, inside = free.getsockname()[1], other.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.operations = f"http://127.0.0.1:{inside}"
        self.log = data_dir.with_suffix(".log")
        self._application = application
        self._environment = os.environ | {
            "PYTHONPATH": str(PHASE / "tests"),
            "CHAT_BIND": f"127.0.0.1:{self.port}",
            "CHAT_OPERATIONS_BIND": f"127.0.0.1:{inside}",
            "CHAT_DATABASE_URL": postgres.address_of(data_dir),
            "CHAT_LOG_LEVEL": "WARNING",
            **environment,
        }
        self.prefix: list[str] = []
        """A command that starts the server, such as one that sets limits."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Return gunicorn's main process."""
        assert self._process is not None
        return self._process

    def start(self) -> Self:
        """Start and wait until the server is ready."""
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", self.configuration]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, *gunicorn, self._application],
                cwd=PHASE,
                env=self._environment,
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
        return metric(httpx.get(f"{self.operations}/metrics").text, name, **labels)

    def is_ready(self) -> bool:
        """Return whether the server says that it is ready."""
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill the whole process group with SIGKILL, as a power cut would end it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> None:
        """Ask it to stop, as `docker stop` does."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self.kill()


class Person:
    """A registered person with an HTTP client of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=15)
        self.username = f"p{uuid.uuid4().hex[:12]}"
        answer = self.http.post(
            "/auth/register",
            json={"username": self.username, "password": "correct horse", "display_name": "P"},
        )
        assert answer.status_code == 201, answer.text
        self.tokens = answer.json()
        self.id = self.tokens["user_id"]
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def group(self, *others: "Person") -> str:
        """Create a group and return its id."""
        body = {"kind": "group", "name": "G", "member_ids": [other.id for other in others]}
        return str(self.http.post("/conversations", json=body).json()["id"])

    def send(self, conversation_id: str, client_id: str, text: str = "hello") -> httpx.Response:
        """Send a message."""
        return self.http.post(
            f"/conversations/{conversation_id}/messages",
            json={"client_id": client_id, "body": text},
        )
