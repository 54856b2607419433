"""What this service asks others: auth, and who knows the members of conversations."""

from collections.abc import Collection
from pathlib import Path

from chassis.calls import Calls, Transport
from chassis.service_tokens import FetchedTokens

SCOPE = "memberships:read"
DEADLINE = 1.0
"""Seconds that somebody who comes, or looks who is there, waits for an answer."""


class Logins:
    """Asks auth. Errors: `NotReady`."""

    def __init__(self, auth: Transport) -> None:
        self._auth = Calls("auth", auth)

    def ended_since(self, moment: int) -> tuple[dict[str, int], int]:
        """Return which logins have ended since then, and when, and the present; in milliseconds."""
        told = self._auth.call("GET", f"/ended-logins?since={moment}")
        return told["ended"], told["now"]


class Memberships:
    """Asks the monolith, which has the conversations. Errors: `NotReady`."""

    def __init__(self, chat: Transport, auth: Transport, secret: Path) -> None:
        tokens = FetchedTokens(Calls("auth", auth), "realtime", secret)
        self._chat = Calls("chat", chat, tokens, DEADLINE)

    def conversations(self, user_id: str) -> list[str]:
        """Return in which conversations somebody is, as it is now."""
        told = self._chat.call("GET", f"/people/{user_id}/conversations", scope=SCOPE)
        return list(told["conversation_ids"])

    def acquaintances(self, user_id: str, among: Collection[str]) -> set[str]:
        """Return who of these shares a conversation with somebody."""
        path = f"/people/{user_id}/acquaintances?ids={','.join(among)}"
        return set(self._chat.call("GET", path, scope=SCOPE)["user_ids"])
