"""Timelines are the messages service's: what is asked of it, for oneself or in somebody's name."""

from collections.abc import Iterator, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from chassis.calls import Calls
from chassis.identity import Caller
from events.timelines import Change, Standing

DEADLINE = 1.0
"""Seconds that a person's request waits for an answer: there is one without it, if not so good."""


class Timelines:
    """Errors of each method: `NotReady` if messages does not answer; what it refuses."""

    def __init__(self, messages: Calls) -> None:
        self._messages = messages

    def bring(self, conversation_id: str, change: Change) -> Standing:
        """Bring a change of the membership in, if it is not there; return how far that is."""
        path = f"/timelines/{conversation_id}/epochs/{change['epoch']}"
        told = self._messages.call("PUT", path, change, scope="timelines:write")
        return cast(Standing, told)

    def standings(self, conversation_ids: Sequence[str]) -> list[Standing]:
        """Return how far these timelines are; of one that is not there, nothing."""
        asked = {"ids": list(conversation_ids)}
        told = self._messages.call("POST", "/standings", asked, scope="timelines:read")
        return cast(list[Standing], told["items"])

    def remove(self, caller: Caller, conversation_id: str, message_id: str) -> str:
        """Leave a tombstone, in a moderator's name; return who had sent the message."""
        asked = {"conversation_id": conversation_id, "message_id": message_id}
        scope, identity = "messages:moderate", caller.identity
        told = self._messages.call("POST", "/removals", asked, scope=scope, identity=identity)
        return str(told["sender_id"])

    def written_in(self, user_id: str) -> Iterator[tuple[str, float]]:
        """Yield where a person has sent or reacted, and which part of the way is gone by then."""
        looked, after, is_more = 0, "", True
        while is_more:
            path = f"/people/{user_id}/written-in?after={after}"
            told = self._messages.call("GET", path, scope="written:read")
            ids, total = told["ids"], max(told["of"], looked + told["looked"], 1)
            for place, one in enumerate(ids):
                yield one, (looked + told["looked"] * place / len(ids)) / total
            looked, after = looked + told["looked"], told["after"]
            is_more = bool(after)

    def texts(self, user_id: str, conversation_id: str) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of what a person has sent to a conversation; tombstones too."""
        after, is_more = 0, True
        while is_more:
            path = f"/people/{user_id}/conversations/{conversation_id}/texts?after={after}"
            told = self._messages.call("GET", path, scope="written:read")
            yield told["items"]
            is_more = not told["is_last"]
            after = told["items"][-1]["seq"] if is_more else after

    def reactions(self, user_id: str, conversation_id: str) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of a person's emoji in a conversation."""
        place: dict[str, Any] = {"after": 0, "emoji": ""}
        is_more = True
        while is_more:
            path = f"/people/{user_id}/conversations/{conversation_id}/reactions?{urlencode(place)}"
            told = self._messages.call("GET", path, scope="written:read")
            yield told["items"]
            is_more = not told["is_last"]
            if is_more:
                last = told["items"][-1]
                place = {"after": last["seq"], "emoji": last["emoji"]}

    def erase(self, user_id: str, conversation_id: str, at_most: int) -> int:
        """Take so much away of what a person has written; return how much there was."""
        asked = {"conversation_id": conversation_id, "at_most": at_most}
        path = f"/people/{user_id}/erasure"
        return int(self._messages.call("POST", path, asked, scope="written:erase")["erased"])

    def creations(self) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of all messages: that, where and when they were created."""
        path = "/creations"
        while page := self._messages.call("GET", path, scope="timelines:read")["items"]:
            yield page
            path = f"/creations?after={page[-1]['conversation_id']}&seq={page[-1]['seq']}"
