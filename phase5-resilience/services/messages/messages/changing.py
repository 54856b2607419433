"""A message that is open for a change in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chassis.clock import now_ms
from chassis.errors import Conflict, Forbidden
from chassis.events import Event, new_event
from chassis.identity import Caller
from chassis.work import Work
from events.timelines import Message
from messages import store
from messages.counters import touch
from messages.documents import StoredMessage
from messages.membership import Membership, require_member
from messages.timeline import message_event


class MessageDeleted(Conflict):
    """A tombstone does not change any more."""

    slug = "message-deleted"
    title = "Message deleted"


class Change:
    """What one request does to one message; `after` is its state when the block has ended."""

    after: Message

    def __init__(self, work: Work, member: Membership, stored: StoredMessage) -> None:
        self.connection = work.connection
        self.member = member
        self.before = stored
        self._made: str | None = None
        self._reaction: dict[str, str] = {}

    def make(self, event_type: str, **values: Any) -> int:
        """Change the message, and these columns with it; return the rev of the change."""
        rev = touch(self.connection, self.member.conversation_id)
        store.change(self.connection, self.before, rev, values)
        self._made = event_type
        return rev

    def make_of_reaction(self, event_type: str, emoji: str) -> int:
        """Change the message by an emoji of the member's; return the rev of the change."""
        self._reaction = {"emoji": emoji, "user_id": self.member.user_id}
        return self.make(event_type)

    def require_present(self) -> None:
        """Raise `MessageDeleted` for a tombstone."""
        if self.before.deleted_at is not None:
            raise MessageDeleted("The message has been deleted.")

    def require_reactable(self) -> None:
        """Raise unless this is a text that has not been deleted."""
        if self.before.kind != "text":
            raise Forbidden("Notices carry no reactions.")
        self.require_present()

    def event(self) -> Event | None:
        """Build the event that tells of the change, if one was made."""
        if self._made is None:
            return None
        if not self._reaction:
            return message_event(self._made, self.after)
        return new_event(
            self._made,
            {"message_id": self.before.id, "seq": self.before.seq, **self._reaction},
            conversation_id=self.member.conversation_id,
            rev=self.after["rev"],
        )


def remove(work: Work, conversation_id: str, message_id: str) -> str:
    """Leave a tombstone, by a right that the caller has looked at; return who had sent it."""
    connection = work.connection
    stored = store.find(connection, conversation_id, message_id)
    if stored.kind != "text":
        raise Forbidden("Notices are not removed.")
    if stored.deleted_at is None:
        rev = touch(connection, conversation_id)
        store.remove_reactions(connection, stored)
        store.change(connection, stored, rev, {"body": None, "deleted_at": now_ms()})
        gone = store.document(connection, conversation_id, message_id)
        work.announce(message_event("message.deleted", gone))
    return stored.sender_id


@contextmanager
def changing(work: Work, caller: Caller, conversation_id: str, message_id: str) -> Iterator[Change]:
    """Open a message for a change; tell the members if one was made."""
    connection = work.connection
    member = require_member(connection, conversation_id, caller.user_id, for_change=True)
    change = Change(work, member, store.find(connection, conversation_id, message_id))
    yield change
    change.after = store.document(connection, conversation_id, message_id)
    event = change.event()
    if event is not None:
        work.announce(event)
