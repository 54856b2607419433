"""Conversations are another service's: what it is asked when a membership is in doubt."""

from pathlib import Path

from chassis.calls import Calls, Pool, Transport
from chassis.service_tokens import FetchedTokens
from events.timelines import Change

DOUBT_WAITS = 1.0
"""Seconds for an answer, as long as somebody waits for a message."""


def calls_to(
    name: str, url: str, auth_url: str, secret: Path, transport: Transport | None = None
) -> Calls:
    """Return what asks a service, with tokens that auth gives to who knows the secret."""
    tokens = FetchedTokens(Calls("auth", Pool(auth_url)), "messages", secret)
    return Calls(name, transport or Pool(url), tokens, DOUBT_WAITS)


class Conversations:
    """Errors: `NotReady` if no answer comes in time."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def changes(self, conversation_id: str, after: int) -> list[Change]:
        """Return the epochs of a conversation after one, in their order; of none there is, none."""
        found: list[Change] = []
        is_more = True
        while is_more:
            path = f"/conversations/{conversation_id}/changes?after={after + len(found)}"
            told = self._calls.call("GET", path, scope="memberships:read")
            found += told["items"]
            is_more = told["has_more"]
        return found
