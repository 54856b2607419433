"""Conversations in an archive, each followed by its members."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import (
    STRICT,
    Ascending,
    Counter53,
    Line,
    Moment,
    OneLine,
    Reader,
    Refused,
    Uuid,
    parse,
)
from chassis.rows import (
    Alongside,
    NumberedRow,
    columns,
    count_rows,
    in_batches,
    insert_rows,
    stream,
)
from chat.conversations.documents import direct_id
from chat.conversations.limits import GROUP_MEMBERS_MAX, GROUP_NAME_MAX
from chat.conversations.models import ConversationRow, MemberRow
from events.timelines import Kind, Role

GROUPS_AT_ONCE = 50
"""Conversations, with up to 250 members each."""

UnknownPeople = Callable[[Collection[str]], set[str]]
"""Returns those ids that are nobody's."""


@with_config(STRICT)
class ConversationRecord(TypedDict):
    """A conversation and the counters of its timeline."""

    type: Literal["conversation"]
    id: Uuid
    kind: Kind
    name: Annotated[OneLine, StringConstraints(max_length=GROUP_NAME_MAX)] | None
    created_by: Uuid
    created_at: Moment
    last_seq: Counter53
    rev: Counter53
    last_activity_at: Moment


@with_config(STRICT)
class MemberRecord(TypedDict):
    """Somebody in the conversation above, and how far they have read."""

    type: Literal["member"]
    conversation_id: Uuid
    user_id: Uuid
    role: Role
    joined_at: Moment
    read_seq: Counter53


_CONVERSATION = TypeAdapter(ConversationRecord)
_MEMBER = TypeAdapter(MemberRecord)


class Conversations:
    """The section of conversations, in the order of ids; members in the order of user ids."""

    types: Sequence[str] = ("conversation", "member")

    def __init__(self, unknown_people: UnknownPeople) -> None:
        self._unknown_people = unknown_people

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many conversations and members there are."""
        return {
            "conversation": count_rows(connection, ConversationRow),
            "member": count_rows(connection, MemberRow),
        }

    def write(self, connection: Connection) -> Iterator[ConversationRecord | MemberRecord]:
        """Yield every conversation and its members."""
        members = Alongside(
            stream(
                connection,
                select(*MemberRow.__table__.c).order_by(
                    MemberRow.conversation_id, MemberRow.user_id
                ),
            ),
            lambda row: row.conversation_id,
        )
        conversations = select(*ConversationRow.__table__.c).order_by(ConversationRow.id)
        for row in stream(connection, conversations):
            yield _conversation_record(row)
            for member in members.of(row.id):
                yield _member_record(member)

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store conversations and members."""
        for groups in in_batches(_groups(reader.take(*self.types)), GROUPS_AT_ONCE):
            named = {group.record["created_by"] for group in groups}
            named.update(member["user_id"] for group in groups for _, member in group.members)
            unknown = self._unknown_people(named)
            for group in groups:
                group.check_people(unknown)
            insert_rows(connection, ConversationRow, [group.row() for group in groups])
            members = [row for group in groups for row in group.member_rows()]
            insert_rows(connection, MemberRow, members)


@dataclass
class _Group:
    """A conversation and the members that follow it, each with the number of its line."""

    line: int
    record: ConversationRecord
    members: list[tuple[int, MemberRecord]] = field(default_factory=list)

    def check(self) -> None:
        """Raise `Refused` where the records contradict each other."""
        one = self.record
        if (one["kind"] == "group") != (one["name"] is not None):
            raise self._refused("name", "a group has one, a direct conversation has none")
        if one["rev"] < one["last_seq"] or (one["last_seq"] == 0 and one["rev"] > 0):
            raise self._refused("rev", "does not fit last_seq: every change raised it by one")
        self._check_members()
        if one["kind"] == "direct":
            self._check_direct()
        else:
            self._check_group()

    def check_people(self, unknown: set[str]) -> None:
        """Raise `Refused` where a record names nobody."""
        if self.record["created_by"] in unknown:
            raise self._refused("created_by", f"there is no user {self.record['created_by']}")
        for line, member in self.members:
            if member["user_id"] in unknown:
                raise Refused(line, f"member.user_id: there is no user {member['user_id']}")

    def row(self) -> NumberedRow:
        """Return the row of the conversation."""
        values = columns(self.record)
        values["member_count"] = len(self.members)
        values["epoch"] = 0
        values["other_id"] = self._other_id() if self.record["kind"] == "direct" else None
        return self.line, values

    def member_rows(self) -> Iterator[NumberedRow]:
        """Yield the rows of the members."""
        for line, member in self.members:
            yield line, columns(member)

    def _check_members(self) -> None:
        order = Ascending()
        for line, member in self.members:
            order.check(line, member["user_id"])
            if member["conversation_id"] != self.record["id"]:
                raise Refused(line, "member.conversation_id: is not the conversation above")
            if member["read_seq"] > self.record["last_seq"]:
                raise Refused(line, "member.read_seq: is beyond the conversation's last_seq")

    def _check_direct(self) -> None:
        people = [member["user_id"] for _, member in self.members]
        if len(people) != 2 or self.record["created_by"] not in people:
            raise self._refused("created_by", "a direct conversation has two members, and is one's")
        if any(member["role"] != "member" for _, member in self.members):
            raise self._refused("kind", "the members of a direct conversation have no other role")
        if self.record["id"] != direct_id(*people):
            raise self._refused("id", "is not the one that derives from the two members")

    def _check_group(self) -> None:
        owners = sum(member["role"] == "owner" for _, member in self.members)
        if self.members and owners != 1:
            raise self._refused("kind", f"a group has one owner, this one has {owners}")
        if len(self.members) > GROUP_MEMBERS_MAX:
            raise self._refused("kind", f"a group has at most {GROUP_MEMBERS_MAX} members")

    def _other_id(self) -> str:
        people = [member["user_id"] for _, member in self.members]
        return next(user_id for user_id in people if user_id != self.record["created_by"])

    def _refused(self, name: str, reason: str) -> Refused:
        return Refused(self.line, f"conversation.{name}: {reason}")


def _groups(lines: Iterator[Line]) -> Iterator[_Group]:
    """Yield each conversation with its members, checked."""
    order = Ascending()
    group: _Group | None = None
    for line in lines:
        if line.type == "member":
            if group is None:
                raise Refused(line.number, "a member stands before any conversation")
            group.members.append((line.number, parse(_MEMBER, line)))
            continue
        if group is not None:
            group.check()
            yield group
        group = _Group(line.number, parse(_CONVERSATION, line))
        order.check(line.number, group.record["id"])
    if group is not None:
        group.check()
        yield group


def _conversation_record(row: Any) -> ConversationRecord:
    return ConversationRecord(
        type="conversation",
        id=row.id,
        kind=row.kind,
        name=row.name,
        created_by=row.created_by,
        created_at=row.created_at,
        last_seq=row.last_seq,
        rev=row.rev,
        last_activity_at=row.last_activity_at,
    )


def _member_record(row: Any) -> MemberRecord:
    return MemberRecord(
        type="member",
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        role=row.role,
        joined_at=row.joined_at,
        read_seq=row.read_seq,
    )
