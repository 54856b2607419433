"""Events: hints to people that something changed. They may be lost; the database is the truth."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol, TypedDict

from sqlalchemy import Connection

from chassis import context
from chassis.clock import now_ms, rfc3339
from chassis.ids import new_id


class Event(TypedDict):
    """The envelope that the contract (asyncapi.yaml) describes."""

    id: str
    type: str
    version: int
    occurred_at: str
    request_id: str | None
    conversation_id: str | None
    rev: int | None
    data: dict[str, Any]


class Announcement(NamedTuple):
    """An event, and who alone is to hear of it; of nobody's: the members of its conversation.

    Members are not listed, but where a conversation is new to them: 250 of them would be 10 KB in
    the outbox and in each queue, and every send would read them while others wait for its lock. Who
    brings events to people knows who is a member by the events before it: so nobody hears of what
    is said after they have left, even if it was under way for long.
    """

    event: Event
    audience: Collection[str]


class Publisher(Protocol):
    """Brings events to people."""

    def publish(self, event: Event, user_ids: Collection[str]) -> None:
        """Hand the event to whichever of these people are connected; never fails, never waits."""


class Recorder(Protocol):
    """Writes down what is announced, for other processes."""

    def record(self, connection: Connection, announcements: Sequence[Announcement]) -> bool:
        """Store events in the caller's transaction; return whether there were any."""


class Nobody:
    """Publishes nothing: where nobody is connected."""

    def publish(self, event: Event, user_ids: Collection[str]) -> None:
        """Do nothing."""


def new_event(
    kind: str,
    data: dict[str, Any],
    *,
    conversation_id: str | None = None,
    rev: int | None = None,
    version: int = 1,
) -> Event:
    """Wrap `data`. `rev` is the conversation's rev after the change, if the timeline changed."""
    return Event(
        id=new_id(),
        type=kind,
        version=version,
        occurred_at=rfc3339(now_ms()),
        request_id=context.request_id(),
        conversation_id=conversation_id,
        rev=rev,
        data=data,
    )
