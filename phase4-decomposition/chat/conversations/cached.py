"""The list of conversations, kept in the cache; what the caller may see of it, is not.

One query returns the caller's page as it is now: which conversations they are in, at which `rev`,
and what is theirs alone (role, read marker). The rest of each conversation is the same for all its
members, and changes only together with its `rev`: it lies in the cache under that `rev`. So nothing
has to be invalidated, and membership comes from the database every time.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from chassis.cache.link import Document, Link
from chassis.cache.versioned import VersionedDocuments
from chassis.database import Database, as_items, items_of
from chassis.identity import Caller
from chassis.pages import Page
from chassis.replica import rereading
from chat.conversations.documents import Conversation
from chat.conversations.models import ConversationRow, MemberRow
from chat.conversations.paging import NewestFirst
from chat.conversations.service import OWN, ConversationService
from chat.conversations.timeline import People, Timeline

TTL = 3600
"""Seconds."""

PERSONAL = ("role", "read_seq", "unread_count", "peer_id")
"""The fields of a conversation that differ from member to member; they are never stored."""

_PAGES = NewestFirst(
    ConversationRow.id,
    ConversationRow.rev,
    ConversationRow.last_activity_at,
    ConversationRow.created_by,
    ConversationRow.other_id,
    MemberRow.role,
    MemberRow.read_seq,
)
_THESE = OWN.where(ConversationRow.id.in_(items_of("ids")))


class Place(NamedTuple):
    """A conversation on the caller's page: its version, and what is the caller's alone."""

    id: str
    rev: int
    last_activity_at: int
    created_by: str
    other_id: str | None
    role: str
    read_seq: int


class CachedConversations(ConversationService):
    """Lists come from the cache; whatever else there is to do, phase 0 does."""

    def __init__(self, database: Database, timeline: Timeline, people: People, link: Link) -> None:
        super().__init__(database, timeline, people)
        self._kept = VersionedDocuments(link, "conversation", TTL)

    @rereading
    def list_of(self, caller: Caller, limit: int, cursor: str | None) -> Page[Conversation]:
        """Return the caller's conversations, those with the newest activity first."""
        if not self._kept.is_on():
            return super().list_of(caller, limit, cursor)
        with self._database.read(fresh_for=[caller.user_id]) as connection:
            rows, next_cursor = _PAGES.page(connection, caller.user_id, limit, cursor)
        page = [Place._make(row) for row in rows]
        kept = self._kept.get({place.id: place.rev for place in page})
        items = [
            _as_seen(kept[place.id], place, caller.user_id) for place in page if place.id in kept
        ]
        if len(items) < len(page):
            items += self._read(caller.user_id, [one.id for one in page if one.id not in kept])
            # What was read just now may have become livelier since the page was.
            items.sort(key=lambda one: (one["last_activity_at"], one["id"]), reverse=True)
        return Page(items=items, next_cursor=next_cursor)

    def _read(self, user_id: str, conversation_ids: Collection[str]) -> list[Conversation]:
        """Read conversations from the database, and keep what all members share of them.

        Each under the `rev` that was read with it, which may be a later one than was asked for.
        """
        values = {"user_id": user_id, "ids": as_items(conversation_ids)}
        with self._database.read(fresh_for=[user_id]) as connection:
            rows = connection.execute(_THESE, values).all()
            read = self._documents(connection, rows, user_id)
        self._kept.put(
            {one["id"]: one["rev"] for one in read}, {one["id"]: _shared(one) for one in read}
        )
        return read


def _shared(conversation: Conversation) -> Document:
    return {name: value for name, value in conversation.items() if name not in PERSONAL}


def _as_seen(shared: Any, place: Place, reader_id: str) -> Conversation:
    """Add what is the reader's alone, and return the conversation that is whole by then."""
    shared["role"] = place.role
    shared["read_seq"] = place.read_seq
    shared["unread_count"] = shared["last_seq"] - place.read_seq
    is_mine = place.created_by == reader_id
    shared["peer_id"] = place.other_id if is_mine or place.other_id is None else place.created_by
    whole: Conversation = shared
    return whole
