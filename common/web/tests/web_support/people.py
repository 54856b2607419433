"""People who use the system through its API, to set the scene for what browsers show."""

import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse battery"
PATIENCE = 15.0  # seconds for what must happen


class Person:
    """Somebody with a login of his own; `call` raises on any answer that is not a success."""

    def __init__(self, url: str, tokens: dict[str, Any], username: str, name: str) -> None:
        self.url = url
        self.tokens = tokens
        self.username = username
        self.name = name
        self.id: str = tokens["user_id"]
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=30)

    @classmethod
    def register(cls, url: str, name: str, username: str | None = None) -> "Person":
        """Register somebody; without a username one is made that nobody else has."""
        first = name.split(maxsplit=1)[0].lower()
        username = username or f"{first if first.isascii() else 'x'}-{uuid4().hex[:10]}"
        body = {"username": username, "password": PASSWORD, "display_name": name}
        answer = httpx.post(f"{url}/api/v1/auth/register", json=body, timeout=30)
        answer.raise_for_status()
        return cls(url, answer.json(), username, name)

    def log_in(self, access_ttl: int | None = None) -> dict[str, Any]:
        """Log in once more and return that login's tokens."""
        body: dict[str, Any] = {"username": self.username, "password": PASSWORD}
        if access_ttl:
            body["access_ttl"] = access_ttl
        answer = httpx.post(f"{self.url}/api/v1/auth/login", json=body, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def call(self, method: str, path: str, **body: Any) -> Any:
        """Send a request with this person's token; returns the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        answer = self._http.request(method, path, json=body or None, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def direct(self, other: "Person") -> str:
        """Return the id of the direct conversation with somebody."""
        conversation = self.call("POST", "/conversations", kind="direct", member_ids=[other.id])
        return str(conversation["id"])

    def group(self, name: str, others: Iterable["Person"]) -> str:
        """Make a group; returns its id."""
        ids = [other.id for other in others]
        conversation = self.call("POST", "/conversations", kind="group", name=name, member_ids=ids)
        return str(conversation["id"])

    def say(self, conversation: str, body: str, reply_to: str | None = None) -> dict[str, Any]:
        """Send a message; returns it."""
        extra = {"reply_to": reply_to} if reply_to else {}
        path = f"/conversations/{conversation}/messages"
        return dict(self.call("POST", path, client_id=uuid4().hex, body=body, **extra))

    def bodies(self, conversation: str) -> list[str | None]:
        """Return the texts of the newest hundred messages, oldest first."""
        page = self.call("GET", f"/conversations/{conversation}/messages?limit=100")
        return [item["body"] for item in page["items"] if item["kind"] == "text"]

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


def isolated(name: str) -> str:
    """Return a name as the client's sentences and labels have it: between FSI and PDI."""
    return f"\u2068{name}\u2069"


def stored_login(tokens: dict[str, Any]) -> dict[str, Any]:
    """Write tokens as the client keeps them in localStorage."""
    kept = {key: tokens[key] for key in ("user_id", "login_id", "access_token", "refresh_token")}
    renew_at = int((time.time() + tokens["expires_in"] * 0.8) * 1000)
    return {**kept, "renew_at": renew_at, "roles": tokens.get("roles", [])}
