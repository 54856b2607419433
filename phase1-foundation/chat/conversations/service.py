"""Creating, listing, renaming conversations, and how far people have read."""

import uuid
from collections.abc import Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, insert, literal, select, tuple_, update

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import InvalidInput
from chassis.events import Event, Publisher, new_event
from chassis.identity import Caller
from chassis.ids import new_id
from chassis.pages import Page, decode_cursor, encode_cursor
from chat.conversations.documents import (
    Conversation,
    StoredConversation,
    conversation_document,
    notice,
)
from chat.conversations.membership import audience, no_such_conversation, read_up_to, require_member
from chat.conversations.models import ConversationRow, MemberRow, next_activity
from chat.conversations.timeline import People, Timeline, require_known

_DIRECT = uuid.UUID("8e0f8b9c-5a55-4a0e-9d52-6b3e4f0d7c11")
"""The namespace of direct conversations' ids (UUIDv5)."""

_OWN = (
    select(
        ConversationRow.id,
        ConversationRow.kind,
        ConversationRow.name,
        ConversationRow.created_by,
        ConversationRow.created_at,
        ConversationRow.other_id,
        ConversationRow.member_count,
        ConversationRow.rev,
        ConversationRow.last_seq,
        ConversationRow.last_activity_at,
        MemberRow.role,
        MemberRow.read_seq,
    )
    .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
    .where(MemberRow.user_id == bindparam("user_id"))
)
_NEWEST_FIRST = _OWN.order_by(
    ConversationRow.last_activity_at.desc(), ConversationRow.id.desc()
).limit(bindparam("limit"))
_NEXT_PAGE = _NEWEST_FIRST.where(
    tuple_(ConversationRow.last_activity_at, ConversationRow.id)
    < tuple_(bindparam("before"), bindparam("before_id"))
)
_ONE = _OWN.where(ConversationRow.id == bindparam("conversation_id"))


class ReadMarker(TypedDict):
    """How far the caller has read, and how much is left."""

    read_seq: int
    unread_count: int


def direct_id(one: str, other: str) -> str:
    """Return the id of the conversation of two people: the same whoever asks."""
    return str(uuid.uuid5(_DIRECT, ":".join(sorted((one, other)))))


class ConversationService:
    """Every method is one transaction; events go out after it."""

    def __init__(
        self, database: Database, timeline: Timeline, people: People, publisher: Publisher
    ) -> None:
        self._database = database
        self._timeline = timeline
        self._people = people
        self._publisher = publisher

    def list_of(self, caller: Caller, limit: int, cursor: str | None) -> Page[Conversation]:
        """Return the caller's conversations, those with the newest activity first."""
        values: dict[str, Any] = {"user_id": caller.user_id, "limit": limit + 1}
        statement = _NEWEST_FIRST
        if cursor is not None:
            values["before"], values["before_id"] = decode_cursor(cursor, [int, str])
            statement = _NEXT_PAGE
        with self._database.read() as connection:
            rows = connection.execute(statement, values).all()
            items = self._documents(connection, rows[:limit], caller.user_id)
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(
            items=items,
            next_cursor=encode_cursor((last.last_activity_at, last.id)) if last else None,
        )

    def get(self, caller: Caller, conversation_id: str) -> Conversation:
        """Return one conversation; `NotFound` for who is not a member."""
        with self._database.read() as connection:
            return self._get(connection, conversation_id, caller.user_id)

    def create_direct(self, caller: Caller, other_id: str) -> tuple[Conversation, bool]:
        """Return the conversation of two people, and whether it is new."""
        if other_id == caller.user_id:
            raise InvalidInput("member_ids.0", "must be somebody else")
        require_known("member_ids", [other_id], self._people.missing([other_id]))
        conversation_id = direct_id(caller.user_id, other_id)
        with self._database.write() as connection:
            exists = connection.scalar(
                select(ConversationRow.id).where(ConversationRow.id == conversation_id)
            )
            if not exists:
                self._insert(connection, conversation_id, caller, "direct", None, [other_id])
            document = self._get(connection, conversation_id, caller.user_id)
        if not exists:
            self._announce(document, [caller.user_id, other_id], None)
        return document, not exists

    def create_group(self, caller: Caller, name: str, member_ids: Sequence[str]) -> Conversation:
        """Create a group, owned by the caller."""
        others = [one for one in dict.fromkeys(member_ids) if one != caller.user_id]
        require_known("member_ids", member_ids, self._people.missing(member_ids))
        conversation_id = new_id()
        people = [caller.user_id, *others]
        with self._database.write() as connection:
            self._insert(connection, conversation_id, caller, "group", name, others)
            noticed = self._timeline.append_notice(
                connection,
                conversation_id,
                caller.user_id,
                notice("created", user_ids=others, name=name),
            )
            document = self._get(connection, conversation_id, caller.user_id)
        self._announce(document, people, noticed["rev"])
        self._publisher.publish(noticed, people)
        return document

    def rename(self, caller: Caller, conversation_id: str, name: str) -> Conversation:
        """Rename a group; the same name again changes nothing."""
        events: list[Event] = []
        with self._database.write() as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            member.require_group()
            member.require_role("owner", "admin")
            changed = connection.execute(
                update(ConversationRow)
                .where(ConversationRow.id == conversation_id, ConversationRow.name != name)
                .values(name=name)
            )
            if changed.rowcount:
                noticed = self._timeline.append_notice(
                    connection, conversation_id, caller.user_id, notice("renamed", name=name)
                )
                renamed = new_event(
                    "conversation.renamed",
                    {"name": name},
                    conversation_id=conversation_id,
                    rev=noticed["rev"],
                )
                events = [noticed, renamed]
            people = audience(connection, conversation_id)
            document = self._get(connection, conversation_id, caller.user_id)
        for event in events:
            self._publisher.publish(event, people)
        return document

    def mark_read(self, caller: Caller, conversation_id: str, seq: int) -> ReadMarker:
        """Move the caller's read marker forward to `seq`; it never goes back."""
        with self._database.write() as connection:
            member = require_member(connection, conversation_id, caller.user_id)
            if seq > member.last_seq:
                raise InvalidInput("seq", f"must be at most {member.last_seq}, the newest message")
            moved = seq > member.read_seq
            if moved:
                read_up_to(connection, conversation_id, caller.user_id, seq)
            people = audience(connection, conversation_id)
        read_seq = max(seq, member.read_seq)
        if moved:
            data = {"user_id": caller.user_id, "read_seq": read_seq}
            event = new_event("read", data, conversation_id=conversation_id)
            self._publisher.publish(event, people)
        return ReadMarker(read_seq=read_seq, unread_count=member.last_seq - read_seq)

    def _insert(
        self,
        connection: Connection,
        conversation_id: str,
        caller: Caller,
        kind: str,
        name: str | None,
        other_ids: Sequence[str],
    ) -> None:
        now = now_ms()
        connection.execute(
            insert(ConversationRow).values(
                id=conversation_id,
                kind=kind,
                name=name,
                created_by=caller.user_id,
                created_at=now,
                other_id=other_ids[0] if kind == "direct" else None,
                member_count=1 + len(other_ids),
                last_seq=0,
                rev=0,
                last_activity_at=next_activity(literal(conversation_id), literal(now)),
            )
        )
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

    def _get(self, connection: Connection, conversation_id: str, reader_id: str) -> Conversation:
        row = connection.execute(
            _ONE, {"user_id": reader_id, "conversation_id": conversation_id}
        ).first()
        if row is None:
            raise no_such_conversation()
        return self._documents(connection, [row], reader_id)[0]

    def _documents(
        self, connection: Connection, rows: Sequence[Any], reader_id: str
    ) -> list[Conversation]:
        found = [StoredConversation._make(row) for row in rows]
        previews = self._timeline.previews(connection, [one.id for one in found])
        return [conversation_document(one, reader_id, previews.get(one.id)) for one in found]

    def _announce(self, document: Conversation, people: Sequence[str], rev: int | None) -> None:
        data = {key: document[key] for key in ("kind", "name", "created_by")}
        event = new_event("conversation.created", data, conversation_id=document["id"], rev=rev)
        self._publisher.publish(event, people)
