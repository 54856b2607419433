"""Sending, reading, editing, deleting and reacting."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Conflict, Forbidden, InvalidInput, NotFound
from chassis.events import Event, Publisher, new_event
from chassis.identity import Caller
from chat.conversations.membership import Membership, audience, read_up_to, require_member
from chat.limits import REACTIONS_MAX
from chat.messages.documents import Message
from chat.messages.emoji import canonical, forms
from chat.messages.models import MessageRow, ReactionRow
from chat.messages.timeline import (
    SELECT_MESSAGES,
    Entry,
    append,
    documents,
    message_event,
    touch,
)


class ClientIdConflict(Conflict):
    """The client id stands for another message already."""

    slug = "client-id-conflict"
    title = "Client id already used"


class MessageDeleted(Conflict):
    """A tombstone does not change any more."""

    slug = "message-deleted"
    title = "Message deleted"


class TooManyReactions(Conflict):
    """A message carries only so many different emoji."""

    slug = "too-many-reactions"
    title = "Too many reactions"


class History(TypedDict):
    """A stretch of the timeline, ascending by seq, and the conversation's counters."""

    items: list[Message]
    last_seq: int
    rev: int


class Changes(TypedDict):
    """Messages that changed after a rev, ascending by rev, each once in its present state."""

    items: list[Message]
    rev: int
    next_after: int
    has_more: bool


_RESENT = select(MessageRow.id, MessageRow.sent_hash).where(
    MessageRow.conversation_id == bindparam("conversation"),
    MessageRow.sender_id == bindparam("sender"),
    MessageRow.client_id == bindparam("client"),
)
_LATEST = SELECT_MESSAGES.order_by(MessageRow.seq.desc()).limit(bindparam("limit"))
_BEFORE = _LATEST.where(MessageRow.seq < bindparam("seq"))
_AFTER = (
    SELECT_MESSAGES.where(MessageRow.seq > bindparam("seq"))
    .order_by(MessageRow.seq)
    .limit(bindparam("limit"))
)
_CHANGED_AFTER = (
    SELECT_MESSAGES.where(MessageRow.rev > bindparam("rev"))
    .order_by(MessageRow.rev)
    .limit(bindparam("limit"))
)
_BY_ID = SELECT_MESSAGES.where(MessageRow.id == bindparam("id"))


class MessageService:
    """Every method is one transaction; events go out after it, when the change is on disk."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher

    def send(
        self,
        caller: Caller,
        conversation_id: str,
        client_id: str,
        body: str,
        reply_to: str | None,
    ) -> tuple[Message, bool]:
        """Return the message, and whether it is new: a resend gets the one it made at first.

        Errors: `ClientIdConflict` when the client id stands for something else.
        """
        sent_hash = _sent_hash(body, reply_to)
        with self._database.write() as connection:
            require_member(connection, conversation_id, caller.user_id)
            known = connection.execute(
                _RESENT,
                {"conversation": conversation_id, "sender": caller.user_id, "client": client_id},
            ).first()
            if known is not None:
                if known.sent_hash != sent_hash:
                    raise ClientIdConflict("This client_id was used for another message.")
                return self._one(connection, conversation_id, known.id), False
            if reply_to is not None and not _exists(connection, conversation_id, reply_to):
                raise InvalidInput("reply_to", "there is no such message in this conversation")
            message = append(
                connection,
                conversation_id,
                Entry("text", caller.user_id, client_id, sent_hash, body, reply_to),
            )
            read_up_to(connection, conversation_id, caller.user_id, message["seq"])
            people = audience(connection, conversation_id)
        self._publisher.publish(message_event("message.created", message), people)
        return message, True

    def history(
        self,
        caller: Caller,
        conversation_id: str,
        limit: int,
        before: int | None,
        after: int | None,
    ) -> History:
        """Return a page before or after a seq, or the newest page, by keyset on the seq."""
        values: dict[str, Any] = {"conversation": conversation_id, "limit": limit}
        if after is not None:
            statement, values["seq"] = _AFTER, after
        elif before is not None:
            statement, values["seq"] = _BEFORE, before
        else:
            statement = _LATEST
        with self._database.read() as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            rows = connection.execute(statement, values).all()
            items = documents(connection, conversation_id, rows)
        items.sort(key=lambda message: message["seq"])
        return History(items=items, last_seq=member.last_seq, rev=member.rev)

    def changes(self, caller: Caller, conversation_id: str, after: int, limit: int) -> Changes:
        """Return what changed after rev `after`: how a client that was away catches up."""
        with self._database.read() as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            rows = connection.execute(
                _CHANGED_AFTER,
                {"conversation": conversation_id, "rev": after, "limit": limit + 1},
            ).all()
            items = documents(connection, conversation_id, rows[:limit])
        has_more = len(rows) > limit
        return Changes(
            items=items,
            rev=member.rev,
            next_after=items[-1]["rev"] if has_more else max(after, member.rev),
            has_more=has_more,
        )

    def get(self, caller: Caller, conversation_id: str, message_id: str) -> Message:
        """Return one message."""
        with self._database.read() as connection:
            require_member(connection, conversation_id, caller.user_id)
            return self._one(connection, conversation_id, message_id)

    def edit(self, caller: Caller, conversation_id: str, message_id: str, body: str) -> Message:
        """Replace the text of one's own message."""
        with self._changing(caller, conversation_id, message_id) as change:
            if change.row.kind != "text" or change.row.sender_id != caller.user_id:
                raise Forbidden("Only its sender may edit a message.")
            change.require_present()
            if change.row.body != body:
                change.make("message.edited", body=body, edited_at=now_ms())
        return change.message

    def delete(self, caller: Caller, conversation_id: str, message_id: str) -> Message:
        """Leave a tombstone; of one's own message, or of anybody's as an admin or the owner."""
        with self._changing(caller, conversation_id, message_id) as change:
            moderates = change.member.kind == "group" and change.member.role != "member"
            own = change.row.sender_id == caller.user_id
            if change.row.kind != "text" or not (own or moderates):
                raise Forbidden("Only its sender or an admin may delete a message.")
            if change.row.deleted_at is None:
                change.connection.execute(delete(ReactionRow).where(*_on(change.row)))
                change.make("message.deleted", body=None, deleted_at=now_ms())
        return change.message

    def react(self, caller: Caller, conversation_id: str, message_id: str, emoji: str) -> Message:
        """Add one's emoji; again changes nothing."""
        with self._changing(caller, conversation_id, message_id) as change:
            change.require_reactable()
            if not _has_reacted(change, caller.user_id, emoji):
                _require_room(change, emoji)
                change.connection.execute(
                    insert(ReactionRow).values(
                        conversation_id=conversation_id,
                        seq=change.row.seq,
                        emoji=emoji,
                        user_id=caller.user_id,
                        rev=change.member.rev + 1,
                    )
                )
                change.make("reaction.added")
                change.reaction = {"emoji": emoji, "user_id": caller.user_id}
        return change.message

    def unreact(self, caller: Caller, conversation_id: str, message_id: str, emoji: str) -> Message:
        """Take one's emoji back; again changes nothing."""
        with self._changing(caller, conversation_id, message_id) as change:
            change.require_reactable()
            removed = change.connection.execute(
                delete(ReactionRow).where(
                    *_on(change.row),
                    ReactionRow.emoji.in_(forms(emoji)),
                    ReactionRow.user_id == caller.user_id,
                )
            )
            if removed.rowcount:
                change.make("reaction.removed")
                change.reaction = {"emoji": emoji, "user_id": caller.user_id}
        return change.message

    @contextmanager
    def _changing(
        self, caller: Caller, conversation_id: str, message_id: str
    ) -> Iterator["_Change"]:
        """Open a message for a change in place; raise its rev and tell people if one was made."""
        people: list[str] = []
        with self._database.write() as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            row = _find(connection, conversation_id, message_id)
            change = _Change(connection, member, row)
            yield change
            if change.event_type is not None:
                rev = touch(connection, conversation_id)
                connection.execute(
                    update(MessageRow)
                    .where(MessageRow.conversation_id == conversation_id, MessageRow.seq == row.seq)
                    .values(rev=rev, **change.values)
                )
                people = audience(connection, conversation_id)
            change.message = self._one(connection, conversation_id, message_id)
        if change.event_type is not None:
            self._publisher.publish(change.event(change.event_type), people)

    def _one(self, connection: Connection, conversation_id: str, message_id: str) -> Message:
        row = _find(connection, conversation_id, message_id)
        return documents(connection, conversation_id, [row])[0]


class _Change:
    """A message that is open for a change, inside a transaction."""

    message: Message
    """Its state afterwards; there when the transaction has ended."""

    def __init__(self, connection: Connection, member: Membership, row: Row[Any]) -> None:
        self.connection = connection
        self.member = member
        self.row = row
        self.event_type: str | None = None
        self.values: dict[str, Any] = {}
        self.reaction: dict[str, str] | None = None

    def make(self, event_type: str, **values: Any) -> None:
        """Note that the message changes, and these columns with it."""
        self.event_type = event_type
        self.values = values

    def require_present(self) -> None:
        """Raise `MessageDeleted` for a tombstone."""
        if self.row.deleted_at is not None:
            raise MessageDeleted("The message has been deleted.")

    def require_reactable(self) -> None:
        """Raise unless this is a text that has not been deleted."""
        if self.row.kind != "text":
            raise Forbidden("Notices carry no reactions.")
        self.require_present()

    def event(self, event_type: str) -> Event:
        """Build the event that tells of the change."""
        if self.reaction is None:
            return message_event(event_type, self.message)
        return new_event(
            event_type,
            {"message_id": self.row.id, "seq": self.row.seq, **self.reaction},
            conversation_id=self.member.conversation_id,
            rev=self.message["rev"],
        )


def _sent_hash(body: str, reply_to: str | None) -> bytes:
    return hashlib.sha256(f"{reply_to or ''}\n{body}".encode()).digest()


def _find(connection: Connection, conversation_id: str, message_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"conversation": conversation_id, "id": message_id}).first()
    if row is None:
        raise NotFound("There is no such message.")
    return row


def _exists(connection: Connection, conversation_id: str, message_id: str) -> bool:
    statement = select(MessageRow.seq).where(
        MessageRow.conversation_id == conversation_id, MessageRow.id == message_id
    )
    return connection.scalar(statement) is not None


def _on(row: Row[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the condition for the reactions on one message."""
    return ReactionRow.conversation_id == row.conversation_id, ReactionRow.seq == row.seq


def _has_reacted(change: _Change, user_id: str, emoji: str) -> bool:
    statement = select(ReactionRow.rev).where(
        *_on(change.row), ReactionRow.emoji.in_(forms(emoji)), ReactionRow.user_id == user_id
    )
    return change.connection.scalar(statement) is not None


def _require_room(change: _Change, emoji: str) -> None:
    stored = change.connection.scalars(select(ReactionRow.emoji).distinct().where(*_on(change.row)))
    if len({canonical(one) for one in stored} - {emoji}) >= REACTIONS_MAX:
        raise TooManyReactions(f"A message carries at most {REACTIONS_MAX} different emoji.")
