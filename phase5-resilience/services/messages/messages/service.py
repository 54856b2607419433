"""Sending, reading, editing, deleting and reacting: who may do what, and what comes of it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypedDict, TypeVar

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Conflict, Forbidden, InvalidInput, NotFound
from chassis.identity import Caller
from chassis.limits import REACTIONS_MAX
from chassis.replica import rereading
from chassis.work import Work
from events.timelines import Message
from messages import store
from messages.changing import Change, changing
from messages.documents import message_document
from messages.epochs import Epochs
from messages.membership import NotKnown, require_member
from messages.timeline import created_event, next_message

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class ClientIdConflict(Conflict):
    """The client id stands for another message already."""

    slug = "client-id-conflict"
    title = "Client id already used"


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


def asking_on_doubt(
    method: Callable[Concatenate["MessageService", Caller, str, Given], Answer],
) -> Callable[Concatenate["MessageService", Caller, str, Given], Answer]:
    """Have a method ask who is a member, once, before it says that the caller is none.

    Errors: `NotReady` if nobody says.
    """

    @wraps(method)
    def doubting(
        service: "MessageService",
        caller: Caller,
        conversation_id: str,
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Answer:
        try:
            return method(service, caller, conversation_id, *args, **kwargs)
        except NotKnown:
            if not service.epochs.learn(conversation_id):
                raise
        return method(service, caller, conversation_id, *args, **kwargs)

    return doubting


class MessageService:
    """Every method is one transaction."""

    def __init__(self, database: Database, epochs: Epochs) -> None:
        self._database = database
        self.epochs = epochs

    @asking_on_doubt
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
        sent_hash = hashlib.sha256(f"{reply_to or ''}\n{body}".encode()).digest()
        try:
            with self._database.write() as work:
                connection = work.connection
                require_member(connection, conversation_id, caller.user_id, for_change=True)
                _require_replied_to(work, conversation_id, reply_to)
                stored, active_at = next_message(
                    connection,
                    conversation_id,
                    caller.user_id,
                    "text",
                    client_id=client_id,
                    body=body,
                    reply_to=reply_to,
                )
                store.insert_text(connection, stored, sent_hash)
                message = message_document(stored, [])
                work.announce(created_event(message, active_at))
        except store.SentBefore:  # the rollback has given the number back
            return self._sent_before(caller, conversation_id, client_id, sent_hash), False
        return message, True

    def _sent_before(
        self, caller: Caller, conversation_id: str, client_id: str, sent_hash: bytes
    ) -> Message:
        with self._database.read() as connection:
            message_id, hash_then = store.find_sent(
                connection, conversation_id, caller.user_id, client_id
            )
            if hash_then != sent_hash:
                raise ClientIdConflict("This client_id was used for another message.")
            return store.document(connection, conversation_id, message_id)

    @asking_on_doubt
    @rereading
    def history(
        self,
        caller: Caller,
        conversation_id: str,
        limit: int,
        before: int | None,
        after: int | None,
    ) -> History:
        """Return a page before or after a seq, or the newest page."""
        with self._database.read(
            fresh_for=[caller.user_id, conversation_id], one_moment=True
        ) as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            found = store.page(connection, conversation_id, limit, before, after)
            items = store.documents(connection, conversation_id, found)
        return History(items=items, last_seq=member.last_seq, rev=member.rev)

    @asking_on_doubt
    @rereading
    def changes(self, caller: Caller, conversation_id: str, after: int, limit: int) -> Changes:
        """Return what changed after rev `after`: how a client that was away catches up."""
        with self._database.read(
            fresh_for=[caller.user_id, conversation_id], one_moment=True
        ) as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            found = store.changed_after(connection, conversation_id, after, limit + 1)
            items = store.documents(connection, conversation_id, found[:limit])
        has_more = len(found) > limit
        return Changes(
            items=items,
            rev=member.rev,
            next_after=items[-1]["rev"] if has_more else max(after, member.rev),
            has_more=has_more,
        )

    @asking_on_doubt
    @rereading
    def get(self, caller: Caller, conversation_id: str, message_id: str) -> Message:
        """Return one message."""
        with self._database.read(fresh_for=[caller.user_id, conversation_id]) as connection:
            require_member(connection, conversation_id, caller.user_id)
            return store.document(connection, conversation_id, message_id)

    @asking_on_doubt
    def edit(self, caller: Caller, conversation_id: str, message_id: str, body: str) -> Message:
        """Replace the text of one's own message."""
        with self._changing(caller, conversation_id, message_id) as change:
            if change.before.kind != "text" or change.before.sender_id != caller.user_id:
                raise Forbidden("Only its sender may edit a message.")
            change.require_present()
            if change.before.body != body:
                change.make("message.edited", body=body, edited_at=now_ms())
        return change.after

    @asking_on_doubt
    def delete(self, caller: Caller, conversation_id: str, message_id: str) -> Message:
        """Leave a tombstone; of one's own message, or of anybody's as an admin or the owner."""
        with self._changing(caller, conversation_id, message_id) as change:
            moderates = change.member.kind == "group" and change.member.role != "member"
            own = change.before.sender_id == caller.user_id
            if change.before.kind != "text" or not (own or moderates):
                raise Forbidden("Only its sender or an admin may delete a message.")
            if change.before.deleted_at is None:
                store.remove_reactions(change.connection, change.before)
                change.make("message.deleted", body=None, deleted_at=now_ms())
        return change.after

    @asking_on_doubt
    def react(self, caller: Caller, conversation_id: str, message_id: str, emoji: str) -> Message:
        """Add one's emoji; again changes nothing."""
        with self._changing(caller, conversation_id, message_id) as change:
            change.require_reactable()
            on = (change.connection, change.before, emoji)
            if not store.has_reacted(*on, caller.user_id):
                if store.count_other_emoji(*on) >= REACTIONS_MAX:
                    raise TooManyReactions(
                        f"A message carries at most {REACTIONS_MAX} different emoji."
                    )
                rev = change.make_of_reaction("reaction.added", emoji)
                store.add_reaction(*on, caller.user_id, rev)
        return change.after

    @asking_on_doubt
    def unreact(self, caller: Caller, conversation_id: str, message_id: str, emoji: str) -> Message:
        """Take one's emoji back; again changes nothing."""
        with self._changing(caller, conversation_id, message_id) as change:
            change.require_reactable()
            if store.remove_reaction(change.connection, change.before, emoji, caller.user_id):
                change.make_of_reaction("reaction.removed", emoji)
        return change.after

    @contextmanager
    def _changing(self, caller: Caller, conversation_id: str, message_id: str) -> Iterator[Change]:
        with (
            self._database.write() as work,
            changing(work, caller, conversation_id, message_id) as change,
        ):
            yield change


def _require_replied_to(work: Work, conversation_id: str, message_id: str | None) -> None:
    """Raise `InvalidInput` for a reply to what is not in this conversation."""
    if message_id is not None:
        try:
            store.find(work.connection, conversation_id, message_id)
        except NotFound:
            raise InvalidInput(
                "reply_to", "there is no such message in this conversation"
            ) from None
