"""Who is in a group, and what they may do there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, case, delete, func, insert, select, tuple_, update

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Conflict, Forbidden, NotFound
from chassis.identity import Caller
from chassis.pages import Page, decode_cursor, encode_cursor
from chassis.replica import rereading
from chassis.work import Work
from chat.conversations.changes import note
from chat.conversations.documents import Member, member_document
from chat.conversations.limits import GROUP_MEMBERS_MAX
from chat.conversations.lists import Lists
from chat.conversations.membership import Membership, audience, require_member
from chat.conversations.models import ConversationRow, MemberRow
from chat.conversations.neighbours import People, require_known
from events.timelines import Change, Role, notice


class GroupFull(Conflict):
    """A group holds only so many people."""

    slug = "group-full"
    title = "Group full"


class MemberService:
    """Every method that changes something is one transaction, and tells messages after it."""

    def __init__(self, database: Database, lists: Lists, people: People) -> None:
        self._database = database
        self._lists = lists
        self._people = people

    @rereading
    def list_of(
        self, caller: Caller, conversation_id: str, limit: int, cursor: str | None
    ) -> Page[Member]:
        """Return the members in the order in which they joined."""
        statement = (
            _members(conversation_id)
            .order_by(MemberRow.joined_at, MemberRow.user_id)
            .limit(limit + 1)
        )
        if cursor is not None:
            joined_at, user_id = decode_cursor(cursor, [int, str])
            statement = statement.where(
                tuple_(MemberRow.joined_at, MemberRow.user_id) > (joined_at, user_id)
            )
        with self._database.read(fresh_for=[caller.user_id, conversation_id]) as connection:
            require_member(connection, conversation_id, caller.user_id)
            rows = connection.execute(statement).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(
            items=[member_document(row) for row in rows[:limit]],
            next_cursor=encode_cursor((last.joined_at, last.user_id)) if last else None,
        )

    def add(self, caller: Caller, conversation_id: str, user_ids: Sequence[str]) -> list[Member]:
        """Add people; who is in already stays as they are. Return all that were named."""
        wanted = list(dict.fromkeys(user_ids))
        missing = self._people.missing(wanted)
        changes: list[Change] = []
        with self._database.write() as work:
            connection = work.connection
            member = self._require_group_role(connection, caller, conversation_id, "owner", "admin")
            require_known("user_ids", user_ids, missing)
            present = audience(connection, conversation_id)
            added = [user_id for user_id in wanted if user_id not in present]
            if len(present) + len(added) > GROUP_MEMBERS_MAX:
                raise GroupFull(f"A group holds at most {GROUP_MEMBERS_MAX} people.")
            if added:
                self._insert(connection, member, added)
                said = notice("members_added", user_ids=added)
                changes = [note(work, conversation_id, caller.user_id, said)]
        self._lists.bring(conversation_id, changes)
        with self._database.read() as connection:
            rows = connection.execute(
                _members(conversation_id).where(MemberRow.user_id.in_(wanted))
            ).all()
        found = {row.user_id: member_document(row) for row in rows}
        return [found[user_id] for user_id in wanted if user_id in found]

    def set_role(self, caller: Caller, conversation_id: str, user_id: str, role: Role) -> Member:
        """Give a member a role. Giving `owner` hands ownership over; the giver becomes admin."""
        changes: list[Change] = []
        with self._database.write() as work:
            connection = work.connection
            member = self._require_group_role(connection, caller, conversation_id, "owner")
            target = _require_target(connection, conversation_id, user_id)
            if target.user_id == caller.user_id and role != "owner":
                raise Forbidden("Hand ownership over first, by making somebody else the owner.")
            if target.role != role:
                if role == "owner":
                    changes = [_give_role(work, member, caller.user_id, "admin")]
                changes.append(_give_role(work, member, user_id, role))
            row = connection.execute(
                _members(conversation_id).where(MemberRow.user_id == user_id)
            ).one()
        self._lists.bring(conversation_id, changes)
        return member_document(row)

    def remove(self, caller: Caller, conversation_id: str, user_id: str) -> None:
        """Remove a member, or leave; an owner who leaves passes ownership on."""
        with self._database.write() as work:
            connection = work.connection
            member = require_member(connection, conversation_id, caller.user_id, for_change=True)
            member.require_group()
            leaving = user_id == caller.user_id
            if not leaving:
                member.require_role("owner", "admin")
            target = _require_target(connection, conversation_id, user_id)
            if not leaving and member.role == "admin" and target.role != "member":
                raise Forbidden("An admin removes members only.")
            _delete(connection, conversation_id, user_id)
            said = notice("member_left" if leaving else "member_removed", user_ids=[user_id])
            changes = [note(work, conversation_id, caller.user_id, said)]
            heir = _heir(connection, conversation_id) if target.role == "owner" else None
            if heir is not None:
                changes.append(_give_role(work, member, heir, "owner"))
        self._lists.bring(conversation_id, changes)

    def _require_group_role(
        self, connection: Connection, caller: Caller, conversation_id: str, *roles: Role
    ) -> Membership:
        member = require_member(connection, conversation_id, caller.user_id, for_change=True)
        member.require_group()
        member.require_role(*roles)
        return member

    def _insert(self, connection: Connection, member: Membership, user_ids: Sequence[str]) -> None:
        joined_at = _next_joined_at(connection, member.conversation_id)
        connection.execute(
            insert(MemberRow),
            [
                {
                    "conversation_id": member.conversation_id,
                    "user_id": user_id,
                    "role": "member",
                    "joined_at": joined_at,
                    "read_seq": member.last_seq,
                }
                for user_id in user_ids
            ],
        )
        _count(connection, member.conversation_id, len(user_ids))


def _give_role(work: Work, actor: Membership, user_id: str, role: Role) -> Change:
    """Give a role; return the change."""
    _set_role(work.connection, actor.conversation_id, user_id, role)
    said = notice("role_changed", user_ids=[user_id], role=role)
    return note(work, actor.conversation_id, actor.user_id, said)


def _members(conversation_id: str) -> Select[*tuple[Any, ...]]:
    return select(MemberRow.user_id, MemberRow.role, MemberRow.joined_at, MemberRow.read_seq).where(
        MemberRow.conversation_id == conversation_id
    )


def _next_joined_at(connection: Connection, conversation_id: str) -> int:
    """Return now, or what is later than everybody's, should the clock have been set back."""
    newest = connection.scalar(
        select(func.max(MemberRow.joined_at)).where(MemberRow.conversation_id == conversation_id)
    )
    return max(now_ms(), (newest or 0) + 1)


def _require_target(connection: Connection, conversation_id: str, user_id: str) -> Membership:
    try:
        return require_member(connection, conversation_id, user_id)
    except NotFound as error:
        raise NotFound("There is no such member.") from error


def _set_role(connection: Connection, conversation_id: str, user_id: str, role: Role) -> None:
    connection.execute(
        update(MemberRow)
        .where(MemberRow.conversation_id == conversation_id, MemberRow.user_id == user_id)
        .values(role=role)
    )


def _delete(connection: Connection, conversation_id: str, user_id: str) -> None:
    connection.execute(
        delete(MemberRow).where(
            MemberRow.conversation_id == conversation_id, MemberRow.user_id == user_id
        )
    )
    _count(connection, conversation_id, -1)


def _count(connection: Connection, conversation_id: str, change: int) -> None:
    connection.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id)
        .values(member_count=ConversationRow.member_count + change)
    )


def _heir(connection: Connection, conversation_id: str) -> str | None:
    """Return who becomes owner: the admin, else the member, who has been there longest."""
    admins_first = case((MemberRow.role == "admin", 0), else_=1)
    return connection.scalar(
        select(MemberRow.user_id)
        .where(MemberRow.conversation_id == conversation_id)
        .order_by(admins_first, MemberRow.joined_at, MemberRow.user_id)
        .limit(1)
    )
