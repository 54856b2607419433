"""Creating, listing, renaming conversations, and how far people have read."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, insert, literal, select, update

from chassis.clock import now_ms
from chassis.database import Database, insert_if_new
from chassis.errors import InvalidInput, NotReady
from chassis.events import new_event
from chassis.identity import Caller
from chassis.ids import new_id
from chassis.pages import Page
from chassis.replica import rereading
from chat.conversations.changes import note
from chat.conversations.counters import read_up_to
from chat.conversations.documents import (
    Conversation,
    StoredConversation,
    conversation_document,
    direct_id,
)
from chat.conversations.lists import Lists
from chat.conversations.membership import no_such_conversation, require_member
from chat.conversations.models import ConversationRow, MemberRow, next_activity
from chat.conversations.neighbours import People, require_known
from chat.conversations.paging import NewestFirst
from events.timelines import Change, notice

_MEMBER_COLUMNS = ("role", "read_seq")
_COLUMNS = [
    (MemberRow if name in _MEMBER_COLUMNS else ConversationRow).__table__.c[name]
    for name in StoredConversation._fields
]
OWN = (
    select(*_COLUMNS)
    .select_from(ConversationRow)
    .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
    .where(MemberRow.user_id == bindparam("user_id"))
)
"""All conversations of a person, to be narrowed down."""

_ONE = OWN.where(ConversationRow.id == bindparam("conversation_id"))
_PAGES = NewestFirst(*_COLUMNS)


class ReadMarker(TypedDict):
    """How far the caller has read, and how much is left."""

    read_seq: int
    unread_count: int


class ConversationService:
    """Every method that changes something is one transaction, and tells messages after it."""

    def __init__(self, database: Database, lists: Lists, people: People) -> None:
        self._database = database
        self._lists = lists
        self._people = people

    @rereading
    def list_of(self, caller: Caller, limit: int, cursor: str | None) -> Page[Conversation]:
        """Return the caller's conversations, those with the newest activity first."""
        fresh_for = self._fresh_for(caller, limit, cursor)
        next_cursor: str | None = None

        def read() -> list[Any]:
            nonlocal next_cursor
            with self._database.read(fresh_for=fresh_for) as connection:
                rows, next_cursor = _PAGES.page(connection, caller.user_id, limit, cursor)
            return rows

        return Page(items=self._documents(read, caller.user_id), next_cursor=next_cursor)

    def get(self, caller: Caller, conversation_id: str) -> Conversation:
        """Return one conversation; `NotFound` for who is not a member.

        It is as far as its timeline is: whoever looks at one catches up from there. Only if
        messages does not answer it is as far as the copy.
        """
        self._one(caller, conversation_id)
        self._lists.fresh_for(caller.user_id, list)
        self._lists.catch_up([conversation_id], caller.user_id)
        return self._one(caller, conversation_id)

    def create_direct(self, caller: Caller, other_id: str) -> tuple[Conversation, bool]:
        """Return the conversation of two people, and whether it is new."""
        if other_id == caller.user_id:
            raise InvalidInput("member_ids.0", "must be somebody else")
        require_known("member_ids", [other_id], self._people.missing([other_id]))
        conversation_id = direct_id(caller.user_id, other_id)
        changes: list[Change] = []
        with self._database.write() as work:
            is_new = _insert(work.connection, conversation_id, caller, "direct", None, [other_id])
            if is_new:
                said = notice("created", user_ids=[other_id])
                changes = [note(work, conversation_id, caller.user_id, said)]
        self._lists.bring(conversation_id, changes)
        return self._one(caller, conversation_id), is_new

    def create_group(self, caller: Caller, name: str, member_ids: Sequence[str]) -> Conversation:
        """Create a group, owned by the caller."""
        others = [one for one in dict.fromkeys(member_ids) if one != caller.user_id]
        require_known("member_ids", member_ids, self._people.missing(member_ids))
        conversation_id = new_id()
        with self._database.write() as work:
            _insert(work.connection, conversation_id, caller, "group", name, others)
            said = notice("created", user_ids=others, name=name)
            change = note(work, conversation_id, caller.user_id, said)
        self._lists.bring(conversation_id, [change])
        return self._one(caller, conversation_id)

    def rename(self, caller: Caller, conversation_id: str, name: str) -> Conversation:
        """Rename a group; the same name again changes nothing."""
        changes: list[Change] = []
        with self._database.write() as work:
            member = require_member(
                work.connection, conversation_id, caller.user_id, for_change=True
            )
            member.require_group()
            member.require_role("owner", "admin")
            changed = work.connection.execute(
                update(ConversationRow)
                .where(ConversationRow.id == conversation_id, ConversationRow.name != name)
                .values(name=name)
            )
            if changed.rowcount:
                said = notice("renamed", name=name)
                changes = [note(work, conversation_id, caller.user_id, said)]
        self._lists.bring(conversation_id, changes)
        return self._one(caller, conversation_id)

    def mark_read(self, caller: Caller, conversation_id: str, seq: int) -> ReadMarker:
        """Move the caller's read marker forward to `seq`; it never goes back."""
        with self._database.read() as connection:
            known = require_member(connection, conversation_id, caller.user_id).last_seq
        # It may have been sent a moment ago.
        if seq > known and not self._lists.catch_up([conversation_id]):
            raise NotReady("Whether there is such a message cannot be told now.")
        with self._database.write() as work:
            member = require_member(work.connection, conversation_id, caller.user_id)
            if seq > member.last_seq:
                raise InvalidInput("seq", f"must be at most {member.last_seq}, the newest message")
            if read_up_to(work.connection, conversation_id, caller.user_id, seq):
                data = {"user_id": caller.user_id, "read_seq": seq}
                event = new_event("read", data, conversation_id=conversation_id)
                work.announce(event)
            else:
                member = require_member(work.connection, conversation_id, caller.user_id)
                seq = member.read_seq
        return ReadMarker(read_seq=seq, unread_count=member.last_seq - seq)

    def _fresh_for(self, caller: Caller, limit: int, cursor: str | None) -> Collection[str] | None:
        """Return for whom a page must be fresh, once the caller's own writes are in the copy."""

        def page() -> list[str]:
            with self._database.read() as connection:
                rows, _ = _PAGES.page(connection, caller.user_id, limit, cursor)
            return [row.id for row in rows]

        return self._lists.fresh_for(caller.user_id, page)

    def _one(self, caller: Caller, conversation_id: str) -> Conversation:
        def read() -> list[Any]:
            with self._database.read() as connection:
                return [self._row(connection, conversation_id, caller.user_id)]

        return self._documents(read, caller.user_id)[0]

    def _row(self, connection: Connection, conversation_id: str, reader_id: str) -> Any:
        row = connection.execute(
            _ONE, {"user_id": reader_id, "conversation_id": conversation_id}
        ).first()
        if row is None:
            raise no_such_conversation()
        return row

    def _documents(self, read: Callable[[], Sequence[Any]], reader_id: str) -> list[Conversation]:
        """Write rows down; after an import, messages is asked for previews first."""
        rows = read()
        bare = [row.id for row in rows if row.last_seq and row.last_message is None]
        if bare and self._lists.catch_up(bare):
            rows = read()
        return [conversation_document(StoredConversation._make(row), reader_id) for row in rows]


def _insert(
    connection: Connection,
    conversation_id: str,
    caller: Caller,
    kind: str,
    name: str | None,
    other_ids: Sequence[str],
) -> bool:
    """Store a conversation and its members; return False if there is one with this id already."""
    now = now_ms()
    inserted = connection.execute(
        insert_if_new(ConversationRow, "id").values(
            id=conversation_id,
            kind=kind,
            name=name,
            created_by=caller.user_id,
            created_at=now,
            other_id=other_ids[0] if kind == "direct" else None,
            member_count=1 + len(other_ids),
            epoch=0,
            last_seq=0,
            rev=0,
            last_activity_at=next_activity(literal(conversation_id), literal(now)),
        )
    )
    if not inserted.rowcount:
        return False
    first_role = "owner" if kind == "group" else "member"
    roles = {caller.user_id: first_role} | dict.fromkeys(other_ids, "member")
    connection.execute(
        insert(MemberRow),
        [
            {
                "conversation_id": conversation_id,
                "user_id": user_id,
                "role": role,
                "joined_at": now,
                "read_seq": 0,
            }
            for user_id, role in roles.items()
        ],
    )
    return True
