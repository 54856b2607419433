"""The conversation that the bot posts into, by the API that everybody has.

The bot keeps nothing: its account follows from its password, and its conversation is looked for in
its own list. So it goes on after a restart, and after the whole system was emptied.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog

from chassis.calls import Answer, Transport
from chassis.errors import NotReady

NAME, DISPLAY_NAME = "operations", "Operations bot"
PATIENCE = 5.0
"""Seconds for each request."""

log = structlog.get_logger()


class Refused(NotReady):
    """The chat said no. Whoever has sent the alert shall try again: it may not last."""

    def __init__(self, method: str, path: str, status: int) -> None:
        super().__init__(f"{method} {path} was answered with {status}.", 5)
        self.status = status


class Operations:
    """An account, and a group of its own. Errors: `NotReady`."""

    def __init__(self, chat: Transport, password: str, operators: Sequence[str]) -> None:
        self._chat = chat
        self._password = password
        self._operators = operators
        # Another password is another account: of the one before it could not log in.
        self.username = f"operations-{hashlib.sha256(password.encode()).hexdigest()[:8]}"
        self._token = ""
        self._conversation_id = ""
        self._lock = threading.Lock()

    def post(self, client_id: str, body: str) -> None:
        """Send a message, once however often it is asked for."""
        with self._lock:
            conversation_id = self._conversation()
            self._invite(conversation_id)
            path = f"/conversations/{conversation_id}/messages"
            try:
                self._call("POST", path, {"client_id": client_id, "body": body})
            except Refused as refused:
                # Said before, in other words: a number in them may have changed since.
                if refused.status != HTTPStatus.CONFLICT:
                    self._conversation_id = ""  # it may be gone, with all else
                    raise

    def _conversation(self) -> str:
        if not self._conversation_id:
            found = self._call("GET", "/conversations?limit=100")["items"]
            ours = [one["id"] for one in found if one["name"] == NAME and one["role"] == "owner"]
            self._conversation_id = ours[0] if ours else self._create()
        return self._conversation_id

    def _create(self) -> str:
        group = {"kind": "group", "name": NAME, "member_ids": []}
        return str(self._call("POST", "/conversations", group)["id"])

    def _invite(self, conversation_id: str) -> None:
        """Have the operators in it who have an account by now; for the others history stays."""
        try:
            found = [one for name in self._operators if (one := self._id_of(name))]
            if found:
                path = f"/conversations/{conversation_id}/members"
                self._call("POST", path, {"user_ids": found})
        except NotReady as error:  # what is to be said matters more than who is there already
            log.warning("operators.not_invited", reason=str(error))

    def _id_of(self, username: str) -> str | None:
        found = self._call("GET", f"/profiles/search?q={quote(username)}")["items"]
        return next((str(one["id"]) for one in found if one["username"] == username), None)

    def _call(self, method: str, path: str, said: object = None) -> Any:
        """Ask as the bot; log in where the token is no good, or no more."""
        answer = self._ask(method, path, said)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._token = self._log_in()
            answer = self._ask(method, path, said)
        return _read(method, path, answer)

    def _log_in(self) -> str:
        known = {"username": self.username, "password": self._password}
        path = "/auth/login"
        answer = self._ask("POST", path, known)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # nobody is called so, yet
            path = "/auth/register"
            answer = self._ask("POST", path, known | {"display_name": DISPLAY_NAME})
            log.info("account.made", username=self.username, status=answer.status)
        return str(_read("POST", path, answer)["access_token"])

    def _ask(self, method: str, path: str, said: object) -> Answer:
        headers = {"Content-Type": "application/json"}
        if self._token and not path.startswith("/auth/"):
            headers["Authorization"] = f"Bearer {self._token}"
        body = b"" if said is None else json.dumps(said).encode()
        return self._chat.ask(method, f"/api/v1{path}", headers, body, PATIENCE)


def _read(method: str, path: str, answer: Answer) -> Any:
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise Refused(method, path.partition("?")[0], answer.status)
    return json.loads(answer.body) if answer.body else None
