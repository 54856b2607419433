"""Somebody who uses the system: the contract's operations, by their names in the field."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from client.api import Answer, Api
from client.socket import Socket

Json = dict[str, Any]
Status = int | Collection[int]

API = "/api/v1"


def new_client_id() -> str:
    """Return a client id that nobody has used."""
    return uuid4().hex


@dataclass
class Person:
    """A person, through one login. `login()` gives the same person on another device."""

    api: Api
    username: str
    password: str
    tokens: Json
    since: float = field(default_factory=time.monotonic)

    @classmethod
    def register(
        cls, api: Api, username: str, display_name: str, password: str = "correct horse battery"
    ) -> "Person":
        """Make an account."""
        body = {"username": username, "password": password, "display_name": display_name}
        answer = api.call("POST", f"{API}/auth/register", body=body, expect=201)
        return cls(api, username, password, answer.json)

    @property
    def id(self) -> str:
        """The person's id."""
        return str(self.tokens["user_id"])

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """Send a request as this person; `path` is below /api/v1. See `Api.call`."""
        return self.api.call(method, API + path, token=self.tokens["access_token"], **request)

    # logins

    def login(self, access_ttl: int | None = None) -> "Person":
        """Log in once more, as on another device."""
        body: Json = {"username": self.username, "password": self.password}
        if access_ttl is not None:
            body["access_ttl"] = access_ttl
        tokens = self.api.call("POST", f"{API}/auth/login", body=body).json
        return Person(self.api, self.username, self.password, tokens)

    def refresh(self, refresh_token: str | None = None, expect: Status = 200) -> Answer:
        """Trade a refresh token, by default the present one; the new tokens are not taken up."""
        body = {"refresh_token": refresh_token or self.tokens["refresh_token"]}
        return self.api.call("POST", f"{API}/auth/refresh", body=body, expect=expect)

    def stay_logged_in(self) -> None:
        """Take up new tokens when half the time of the present ones is over."""
        if time.monotonic() - self.since > self.tokens["expires_in"] / 2:
            self.since = time.monotonic()
            self.tokens = self.refresh().json

    def logout(self) -> None:
        """End this login."""
        self.call("POST", "/auth/logout", expect=204)

    def logout_all(self) -> None:
        """End every login of this person."""
        self.call("POST", "/auth/logout-all", expect=204)

    # profiles

    def profile(self, user_id: str = "me", expect: Status = 200) -> Json:
        """Read one profile, by default one's own."""
        return dict(self.call("GET", f"/profiles/{user_id}", expect=expect).json)

    def edit_profile(self, **fields: Any) -> Json:
        """Edit one's own profile."""
        return dict(self.call("PATCH", "/profiles/me", body=fields).json)

    def search(self, q: str) -> list[Json]:
        """Return everybody whom the search finds, over all pages."""
        return list(self.pages("/profiles/search", q=q, limit=100))

    # conversations

    def start_direct(self, other: "Person", expect: Status = (200, 201)) -> Json:
        """Begin, or find, the direct conversation with somebody."""
        body = {"kind": "direct", "member_ids": [other.id]}
        return dict(self.call("POST", "/conversations", body=body, expect=expect).json)

    def start_group(self, *others: "Person", name: str = "Engine room") -> Json:
        """Begin a group."""
        body = {"kind": "group", "name": name, "member_ids": [other.id for other in others]}
        return dict(self.call("POST", "/conversations", body=body, expect=201).json)

    def conversation(self, conversation_id: str, expect: Status = 200) -> Json:
        """Read one conversation, as this person sees it."""
        return dict(self.call("GET", f"/conversations/{conversation_id}", expect=expect).json)

    def conversations(self, limit: int = 100) -> list[Json]:
        """Read one's whole list, over all pages."""
        return list(self.pages("/conversations", limit=limit))

    def rename(self, conversation_id: str, name: str, expect: Status = 200) -> Answer:
        """Rename a group."""
        path = f"/conversations/{conversation_id}"
        return self.call("PATCH", path, body={"name": name}, expect=expect)

    def members(self, conversation_id: str) -> list[Json]:
        """Read all members, over all pages."""
        return list(self.pages(f"/conversations/{conversation_id}/members", limit=100))

    def add(self, conversation_id: str, *others: "Person", expect: Status = 200) -> Answer:
        """Add people to a group."""
        path = f"/conversations/{conversation_id}/members"
        body = {"user_ids": [other.id for other in others]}
        return self.call("POST", path, body=body, expect=expect)

    def set_role(
        self, conversation_id: str, other: "Person", role: str, expect: Status = 200
    ) -> Answer:
        """Give somebody a role."""
        path = f"/conversations/{conversation_id}/members/{other.id}"
        return self.call("PATCH", path, body={"role": role}, expect=expect)

    def remove(self, conversation_id: str, other: "Person", expect: Status = 204) -> Answer:
        """Remove somebody, or leave."""
        path = f"/conversations/{conversation_id}/members/{other.id}"
        return self.call("DELETE", path, expect=expect)

    def leave(self, conversation_id: str) -> None:
        """Leave a group."""
        self.remove(conversation_id, self)

    def mark_read(self, conversation_id: str, seq: int, expect: Status = 200) -> Answer:
        """Move one's read marker."""
        path = f"/conversations/{conversation_id}/read"
        return self.call("PUT", path, body={"seq": seq}, expect=expect)

    # messages

    def send(
        self,
        conversation_id: str,
        body: str = "Good evening",
        *,
        client_id: str | None = None,
        reply_to: str | None = None,
        expect: Status = 201,
    ) -> Json:
        """Send a message and return it; a new `client_id` unless one is given."""
        sent: Json = {"client_id": client_id or new_client_id(), "body": body}
        if reply_to is not None:
            sent["reply_to"] = reply_to
        path = f"/conversations/{conversation_id}/messages"
        return dict(self.call("POST", path, body=sent, expect=expect).json)

    def message(self, message: Json, expect: Status = 200) -> Json:
        """Read a message again."""
        return dict(self.call("GET", _path_of(message), expect=expect).json)

    def edit(self, message: Json, body: str, expect: Status = 200) -> Answer:
        """Edit a message."""
        return self.call("PATCH", _path_of(message), body={"body": body}, expect=expect)

    def delete(self, message: Json, expect: Status = 200) -> Answer:
        """Delete a message."""
        return self.call("DELETE", _path_of(message), expect=expect)

    def react(self, message: Json, emoji: str, expect: Status = 200) -> Answer:
        """React to a message."""
        return self.call("PUT", _reaction_path(message, emoji), expect=expect)

    def unreact(self, message: Json, emoji: str, expect: Status = 200) -> Answer:
        """Take a reaction back."""
        return self.call("DELETE", _reaction_path(message, emoji), expect=expect)

    def page_of_history(self, conversation_id: str, **params: int) -> Json:
        """Read one page of history: `before` or `after`, and `limit`."""
        path = f"/conversations/{conversation_id}/messages"
        return dict(self.call("GET", path, params=params).json)

    def history(self, conversation_id: str, limit: int = 100) -> list[Json]:
        """Read all messages from the start."""
        messages: list[Json] = []
        while True:
            after = messages[-1]["seq"] if messages else 0
            page = self.page_of_history(conversation_id, after=after, limit=limit)
            messages += page["items"]
            if not page["items"] or messages[-1]["seq"] >= page["last_seq"]:
                return messages

    def page_of_changes(self, conversation_id: str, after: int, limit: int = 50) -> Json:
        """Read one page of changes."""
        path = f"/conversations/{conversation_id}/changes"
        return dict(self.call("GET", path, params={"after": after, "limit": limit}).json)

    # realtime

    def ticket(self) -> str:
        """Get a ticket for one handshake."""
        return str(self.call("POST", "/realtime/tickets", expect=201).json["ticket"])

    def open_socket(self) -> Socket:
        """Open a socket; whoever opens it closes it."""
        return Socket(self.api.url, self.ticket())

    def presence(self, *others: "Person") -> dict[str, bool]:
        """Return who of these is online; people one may not ask about are left out."""
        ids = ",".join(other.id for other in others)
        items = self.call("GET", "/presence", params={"ids": ids}).json["items"]
        return {item["user_id"]: item["online"] for item in items}

    # lists

    def pages(self, path: str, **params: Any) -> Iterator[Json]:
        """Yield the items of a list, page after page."""
        while True:
            page = self.call("GET", path, params=params).json
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            params["cursor"] = page["next_cursor"]


def _path_of(message: Json) -> str:
    return f"/conversations/{message['conversation_id']}/messages/{message['id']}"


def _reaction_path(message: Json, emoji: str) -> str:
    return f"{_path_of(message)}/reactions/{quote(emoji, safe='')}"
