"""A person at the API, over one connection that is made anew when it breaks."""

import json
import secrets
import time
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

PASSWORD = "correct horse"  # noqa: S105 - of made-up people
TIMEOUT = 8.0
"""Seconds; longer than a phase takes to say that it is busy."""
IDLE_MAX = 10.0
"""Seconds without a request after which a connection is made anew: servers close idle ones."""


class Unreachable(Exception):
    """No answer came: refused, reset, cut or too late."""


class Refused(Exception):
    """The answer was an error; `retry_after` is in seconds, None where it makes no sense."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}")
        self.status = status
        self.retry_after: int | None = problem.get("retry_after")


class Person:
    """Somebody with an account of their own. Methods raise Unreachable or Refused."""

    def __init__(self, url: str, name: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._connection: HTTPConnection | None = None
        self._used_at = 0.0
        self.name = name
        self.id = ""
        self.token = ""

    @classmethod
    def register(cls, url: str) -> "Person":
        """Make a new account."""
        person = cls(url, f"drill-{secrets.token_hex(5)}")
        body = {"username": person.name, "password": PASSWORD, "display_name": "Drill"}
        person._take(person.call("POST", "/auth/register", body))
        return person

    @classmethod
    def log_in(cls, url: str, name: str, password: str) -> "Person":
        """Use an account that exists."""
        person = cls(url, name)
        person._take(person.call("POST", "/auth/login", {"username": name, "password": password}))
        return person

    def elsewhere(self, url: str) -> "Person":
        """Return the same person on a connection of their own, to that address."""
        twin = Person(url, self.name)
        twin.id, twin.token = self.id, self.token
        return twin

    def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Any:
        """Make one request below /api/v1; return the answer's JSON."""
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        status, text = self._exchange(method, f"/api/v1{path}", data, headers)
        try:
            answer = json.loads(text) if text else {}
        except ValueError:
            raise Unreachable("the answer is no JSON") from None
        if status >= 400:
            raise Refused(status, answer)
        return answer

    def send(self, conversation_id: str, client_id: str, body: str) -> Any:
        """Send a message; return it."""
        path = f"/conversations/{conversation_id}/messages"
        return self.call("POST", path, {"client_id": client_id, "body": body})

    def group(self, others: "list[Person]") -> str:
        """Create a group; return its id."""
        body = {"kind": "group", "name": "Drill", "member_ids": [one.id for one in others]}
        return str(self.call("POST", "/conversations", body)["id"])

    def timeline(self, conversation_id: str) -> list[dict[str, Any]]:
        """Read a conversation from its first to its last message."""
        messages: list[dict[str, Any]] = []
        while True:
            after = messages[-1]["seq"] if messages else 0
            path = f"/conversations/{conversation_id}/messages?after={after}&limit=100"
            page = self.call("GET", path)["items"]
            messages += page
            if not page:
                return messages

    def ticket(self) -> str:
        """Return a ticket for one socket."""
        return str(self.call("POST", "/realtime/tickets")["ticket"])

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self, tokens: Any) -> None:
        self.id, self.token = tokens["user_id"], tokens["access_token"]

    def _exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if time.monotonic() - self._used_at > IDLE_MAX:
            self.close()
        if self._connection is None:
            self._connection = HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            self._used_at = time.monotonic()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            self.close()
            raise Unreachable(type(error).__name__) from error
