"""The list of conversations, kept in the cache; who is asking, and what they may see, is not.

One query judges the token and returns the page as it is now: which conversations the caller is in,
at which `rev`, and what is theirs alone (role, read marker). The rest of each conversation is the
same for all its members, and changes only together with its `rev`: it lies in the cache under that
`rev`. So nothing has to be invalidated, and membership comes from the database every time.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import bindparam, select, tuple_

from chassis.cache.link import Document, Link
from chassis.cache.versioned import VersionedDocuments
from chassis.clock import now_ms
from chassis.database import Database, items_of
from chassis.identity import Authenticator, Caller
from chassis.pages import Page, decode_cursor, encode_cursor
from chat.auth.models import AccessToken, Login
from chat.auth.tokens import hash_token
from chat.conversations.documents import Conversation, StoredConversation, conversation_document
from chat.conversations.models import ConversationRow, MemberRow
from chat.conversations.service import ConversationService
from chat.conversations.timeline import Timeline

TTL = 3600
"""Seconds."""

PERSONAL = ("role", "read_seq", "unread_count", "peer_id")
"""The fields of a conversation that differ from member to member; they are never stored."""

_MEMBER_COLUMNS = ("role", "read_seq")
_COLUMNS = [
    (MemberRow if name in _MEMBER_COLUMNS else ConversationRow).__table__.c[name]
    for name in StoredConversation._fields
]
_THESE = (
    select(*_COLUMNS)
    .join(MemberRow, MemberRow.conversation_id == ConversationRow.id)
    .where(MemberRow.user_id == bindparam("user_id"), ConversationRow.id.in_(items_of("ids")))
)
_CALLER_AND_PAGE = (
    select(
        ConversationRow.id,
        ConversationRow.rev,
        ConversationRow.last_activity_at,
        ConversationRow.created_by,
        ConversationRow.other_id,
        MemberRow.role,
        MemberRow.read_seq,
        Login.account_id,
        Login.id,
    )
    .select_from(AccessToken)
    .join(Login, Login.id == AccessToken.login_id)
    .join(MemberRow, MemberRow.user_id == Login.account_id)
    .join(ConversationRow, ConversationRow.id == MemberRow.conversation_id)
    .where(AccessToken.token_hash == bindparam("hash"), AccessToken.expires_at > bindparam("now"))
    .order_by(ConversationRow.last_activity_at.desc(), ConversationRow.id.desc())
    .limit(bindparam("limit"))
)
_CALLER_AND_NEXT_PAGE = _CALLER_AND_PAGE.where(
    tuple_(ConversationRow.last_activity_at, ConversationRow.id)
    < tuple_(bindparam("before"), bindparam("before_id"))
)


class Place(NamedTuple):
    """A conversation on the caller's page: its version, and what is the caller's alone."""

    id: str
    rev: int
    last_activity_at: int
    created_by: str
    other_id: str | None
    role: str
    read_seq: int


@dataclass(frozen=True, slots=True)
class CallerWithPage(Caller):
    """Somebody whose page was read together with their token; one place more if there is more."""

    places: Sequence[Place]


class CachedConversations:
    """What the routes need of `ConversationService`; lists come from the cache."""

    def __init__(
        self,
        conversations: ConversationService,
        tokens: Authenticator,
        database: Database,
        timeline: Timeline,
        link: Link,
    ) -> None:
        self._conversations = conversations
        self._tokens = tokens
        self._database = database
        self._timeline = timeline
        self._kept = VersionedDocuments(link, "conversation", TTL)
        self.get = conversations.get
        self.create_direct = conversations.create_direct
        self.create_group = conversations.create_group
        self.rename = conversations.rename
        self.mark_read = conversations.mark_read

    def authenticate(self, access_token: str, limit: int, cursor: str | None) -> Caller:
        """Return whose token this is, with a page of their list: one query for both.

        Without the cache, with a bad token or nothing on the page it is left to `tokens`.
        """
        if self._kept.is_on():
            values: dict[str, Any] = {
                "hash": hash_token(access_token),
                "now": now_ms(),
                "limit": limit + 1,
            }
            statement = _CALLER_AND_PAGE
            if cursor is not None:
                values["before"], values["before_id"] = decode_cursor(cursor, [int, str])
                statement = _CALLER_AND_NEXT_PAGE
            with self._database.read() as connection:
                rows = connection.execute(statement, values).all()
            if rows:
                user_id, login_id = rows[0][-2:]
                return CallerWithPage(user_id, login_id, [Place._make(row[:-2]) for row in rows])
        return self._tokens.authenticate(access_token)

    def list_of(self, caller: Caller, limit: int, cursor: str | None) -> Page[Conversation]:
        """Return the caller's conversations, those with the newest activity first."""
        if not isinstance(caller, CallerWithPage):
            return self._conversations.list_of(caller, limit, cursor)
        page = caller.places[:limit]
        kept = self._kept.get({place.id: place.rev for place in page})
        items = [
            _as_seen(kept[place.id], place, caller.user_id) for place in page if place.id in kept
        ]
        if len(items) < len(page):
            items += self._read(caller.user_id, [one.id for one in page if one.id not in kept])
            # What was read just now may have become livelier since the page was.
            items.sort(key=lambda one: (one["last_activity_at"], one["id"]), reverse=True)
        last = page[-1] if len(caller.places) > limit else None
        return Page(
            items=items,
            next_cursor=encode_cursor((last.last_activity_at, last.id)) if last else None,
        )

    def _read(self, user_id: str, conversation_ids: Collection[str]) -> list[Conversation]:
        """Read conversations from the database, and keep what all members share of them.

        Each under the `rev` that was read with it, which may be a later one than was asked for.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                _THESE, {"user_id": user_id, "ids": json.dumps(list(conversation_ids))}
            ).all()
            found = [StoredConversation._make(row) for row in rows]
            previews = self._timeline.previews(connection, [one.id for one in found])
        read = [conversation_document(one, user_id, previews.get(one.id)) for one in found]
        self._kept.put(
            {one["id"]: one["rev"] for one in read}, {one["id"]: _shared(one) for one in read}
        )
        return read


def _shared(conversation: Conversation) -> Document:
    return {name: value for name, value in conversation.items() if name not in PERSONAL}


def _as_seen(shared: dict[str, Any], place: Place, reader_id: str) -> Conversation:
    """Add what is the reader's alone."""
    shared["role"] = place.role
    shared["read_seq"] = place.read_seq
    shared["unread_count"] = shared["last_seq"] - place.read_seq
    is_mine = place.created_by == reader_id
    shared["peer_id"] = place.other_id if is_mine or place.other_id is None else place.created_by
    return cast(Conversation, shared)
