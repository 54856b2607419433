"""What the conversations domain needs of others: the timeline of messages, and people."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from chassis.errors import InvalidInput
from chassis.events import Event
from chat.conversations.documents import Notice, Preview


class Timeline(Protocol):
    """The messages of conversations, as seen from here."""

    def append_notice(
        self, connection: Connection, conversation_id: str, actor_id: str, notice: Notice
    ) -> Event:
        """Add a notice in the caller's transaction; return the event that announces it."""

    def previews(self, connection: Connection, last_seqs: Mapping[str, int]) -> dict[str, Preview]:
        """Return the message at the `last_seq` of each of these conversations that has one."""


class People(Protocol):
    """What the conversations domain needs to know of people."""

    def missing(self, user_ids: Any) -> set[str]:
        """Return those ids that are nobody's."""


def require_known(field: str, user_ids: Sequence[str], missing: set[str]) -> None:
    """Raise `InvalidInput` that names the first place in `field` where nobody stands."""
    for position, user_id in enumerate(user_ids):
        if user_id in missing:
            raise InvalidInput(f"{field}.{position}", "there is no such person")
