"""The list of conversations, kept in the cache; what the caller may see of it, is not.

One query returns the caller's page as it is now: which conversations they are in, in which version,
and what is theirs alone (role, read marker). The rest of each conversation is the same for all its
members, and changes only together with its `rev` or its `epoch`. Neither ever falls: so their sum
is a version, under which it lies in the cache. Nothing has to be invalidated, and membership comes
from the database every time.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from chassis.cache.link import Document, Link
from chassis.cache.versioned import VersionedDocuments
from chassis.database import Database, as_items, items_of
from chassis.identity import Caller
from chassis.pages import Page
from chassis.replica import rereading
from chat.conversations.documents import Conversation
from chat.conversations.lists import Lists
from chat.conversations.models import ConversationRow, MemberRow
from chat.conversations.neighbours import People
from chat.conversations.paging import NewestFirst
from chat.conversations.service import OWN, ConversationService

TTL = 3600
"""Seconds."""

PERSONAL = ("role", "read_seq", "unread_count", "peer_id")
"""The fields of a conversation that differ from member to member; they are never stored."""

_PAGES = NewestFirst(
    ConversationRow.id,
    (ConversationRow.rev + ConversationRow.epoch).label("version"),
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
    version: int
    last_activity_at: int
    created_by: str
    other_id: str | None
    role: str
    read_seq: int


class CachedConversations(ConversationService):
    """Lists come from the cache; whatever else there is to do, phase 0 does."""

    def __init__(self, database: Database, lists: Lists, people: People, link: Link) -> None:
        super().__init__(database, lists, people)
        self._kept = VersionedDocuments(link, "conversation", TTL)

    @rereading
    def list_of(self, caller: Caller, limit: int, cursor: str | None) -> Page[Conversation]:
        """Return the caller's conversations, those with the newest activity first."""
        if not self._kept.is_on():
            return super().list_of(caller, limit, cursor)
        fresh_for = self._fresh_for(caller, limit, cursor)
        with self._database.read(fresh_for=fresh_for) as connection:
            rows, next_cursor = _PAGES.page(connection, caller.user_id, limit, cursor)
        page = [Place._make(row) for row in rows]
        kept = self._kept.get({place.id: place.version for place in page})
        items = [
            _as_seen(kept[place.id], place, caller.user_id) for place in page if place.id in kept
        ]
        if len(items) < len(page):
            missing = [one.id for one in page if one.id not in kept]
            items += self._read(caller.user_id, missing, fresh_for)
            # What was read just now may have become livelier since the page was.
            items.sort(key=lambda one: (one["last_activity_at"], one["id"]), reverse=True)
        return Page(items=items, next_cursor=next_cursor)

    def _read(
        self, user_id: str, ids: Collection[str], fresh_for: Collection[str] | None
    ) -> list[Conversation]:
        """Read conversations from the database, and keep what all members share of them.

        Each under the version that was read with it, which may be a later one than was asked for.
        """
        versions: dict[str, int] = {}

        def read() -> Sequence[Any]:
            with self._database.read(fresh_for=fresh_for) as connection:
                rows = connection.execute(_THESE, {"user_id": user_id, "ids": as_items(ids)}).all()
            versions.update((row.id, row.rev + row.epoch) for row in rows)
            return rows

        found = self._documents(read, user_id)
        whole = [one for one in found if one["last_message"] or not one["last_seq"]]
        self._kept.put(versions, {one["id"]: _shared(one) for one in whole})
        return found


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
