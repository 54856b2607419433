"""What the conversations domain needs of the timeline, which the messages domain keeps."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from chassis.events import Event
from chat.conversations.documents import Notice, Preview


class Timeline(Protocol):
    """The messages of conversations, as seen from here."""

    def append_notice(
        self, connection: Connection, conversation_id: str, actor_id: str, notice: Notice
    ) -> Event:
        """Add a notice in the caller's transaction; return the event that announces it."""

    def previews(
        self, connection: Connection, conversation_ids: Sequence[str]
    ) -> dict[str, Preview]:
        """Return the newest message of each of these conversations that has one."""


class People(Protocol):
    """What the conversations domain needs to know of people."""

    def missing(self, user_ids: Any) -> set[str]:
        """Return those ids that are nobody's."""
