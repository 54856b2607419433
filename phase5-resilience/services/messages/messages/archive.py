"""What of an archive is of messages: all of them with reactions, conversation by conversation.

How far each timeline is stands in the record of its conversation, which is somebody else's: it is
given out as a `timeline` of its own, for `lab` to put there. On the way back, profiles,
conversations and members come here too: so that messages name nobody who is not there, and to
make the replica of memberships.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select, text
from typing_extensions import TypedDict

import chassis.messaging.inbox
import chassis.messaging.outbox  # noqa: F401 - tables of this service, too
from chassis.archive import (
    STRICT,
    Counter53,
    Lines,
    Moment,
    OneLine,
    Reader,
    Refused,
    Section,
    Sha256,
    Uuid,
    parse,
)
from chassis.database import as_items, items_of
from chassis.limits import MESSAGE_BODY_MAX, REACTIONS_MAX
from chassis.rows import (
    Alongside,
    NumberedRow,
    columns,
    count_rows,
    in_batches,
    insert_rows,
    stream,
)
from events.timelines import Action, Kind, Role
from messages.emoji import canonical
from messages.limits import CLIENT_ID_PATTERN
from messages.models import MemberRow, MessageRow, ReactionRow, TimelineRow

NAME_MAX = 80
"""Characters of a group's name."""
_PASSING = ConfigDict(strict=True, extra="ignore")

UnknownPeople = Callable[[Collection[str]], set[str]]
"""Returns those ids that are nobody's."""
Ends = Callable[[], Iterator["TimelineEnd"]]
"""Yields the timelines that must follow, in order."""


class TimelineEnd(NamedTuple):
    """How far the timeline of a conversation goes."""

    conversation_id: str
    last_seq: int
    rev: int


@with_config(_PASSING)
class ProfileRecord(TypedDict):
    """Somebody, who is there: that is all that is asked of it here."""

    user_id: Uuid


@with_config(_PASSING)
class ConversationRecord(TypedDict):
    """What a timeline begins with; all else is looked at by conversations."""

    id: Uuid
    kind: Kind
    last_seq: Counter53
    rev: Counter53
    last_activity_at: Moment


@with_config(_PASSING)
class MemberRecord(TypedDict):
    """Somebody in a conversation."""

    conversation_id: Uuid
    user_id: Uuid
    role: Role


@with_config(STRICT)
class NoticeRecord(TypedDict):
    """What a notice says."""

    action: Action
    user_ids: list[Uuid]
    name: Annotated[OneLine, StringConstraints(max_length=NAME_MAX)] | None
    role: Role | None


@with_config(STRICT)
class ReactionRecord(TypedDict):
    """One person's emoji; `rev` is the conversation's when it was given."""

    emoji: Annotated[OneLine, StringConstraints(max_length=64)]
    user_id: Uuid
    rev: Counter53


@with_config(STRICT)
class MessageRecord(TypedDict):
    """An entry of a timeline in its present state, with what recognises a resend."""

    type: Literal["message"]
    conversation_id: Uuid
    seq: Counter53
    id: Uuid
    rev: Counter53
    kind: Literal["text", "notice"]
    sender_id: Uuid
    client_id: Annotated[str, StringConstraints(pattern=CLIENT_ID_PATTERN)] | None
    sent_hash: Sha256 | None
    body: Annotated[Lines, StringConstraints(min_length=1, max_length=MESSAGE_BODY_MAX)] | None
    reply_to: Uuid | None
    notice: NoticeRecord | None
    reactions: list[ReactionRecord]
    created_at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None


_PROFILE = TypeAdapter(ProfileRecord)
_CONVERSATION = TypeAdapter(ConversationRecord)
_MEMBER = TypeAdapter(MemberRecord)
_MESSAGE = TypeAdapter(MessageRecord)
_PEOPLE = """
CREATE TEMPORARY TABLE people (user_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP
"""
_ADD_PEOPLE = text("INSERT INTO people SELECT unnest(CAST(:ids AS text[])) ON CONFLICT DO NOTHING")
_UNKNOWN = text("SELECT unnest(CAST(:ids AS text[])) EXCEPT SELECT user_id FROM people")
_COLUMNS = MessageRow.__table__.c
_REPLIED_TO = select(MessageRow.id, MessageRow.conversation_id).where(
    MessageRow.id.in_(items_of("ids"))
)

Numbered = tuple[int, MessageRecord]
"""A message and its line."""


def sections(connection: Connection) -> Sequence[Section]:
    """Return the sections in their order."""
    return (
        People(),
        Timelines(),
        Messages(partial(unknown_people, connection), partial(timelines, connection)),
    )


def unknown_people(connection: Connection, user_ids: Collection[str]) -> set[str]:
    """Return those ids that are nobody's, of an archive that is being read."""
    return set(connection.scalars(_UNKNOWN, {"ids": list(user_ids)}))


def timelines(connection: Connection) -> Iterator[TimelineEnd]:
    """Yield every timeline that has messages, in the order of conversation ids."""
    statement = (
        select(TimelineRow.conversation_id, TimelineRow.last_seq, TimelineRow.rev)
        .where(TimelineRow.last_seq > 0)
        .order_by(TimelineRow.conversation_id)
    )
    return (TimelineEnd(*row) for row in stream(connection, statement))


class People:
    """Looks at who is there, and keeps it for as long as the archive is being read."""

    types: Sequence[str] = ("profile",)

    def counts(self, _connection: Connection) -> dict[str, int]:
        """Return nothing: they are another service's."""
        return {}

    def write(self, _connection: Connection) -> Iterator[dict[str, Any]]:
        """Yield nothing."""
        yield from ()

    def read(self, connection: Connection, reader: Reader) -> None:
        """Keep the ids."""
        connection.exec_driver_sql(_PEOPLE)
        for lines in in_batches(reader.take("profile")):
            ids = [parse(_PROFILE, line)["user_id"] for line in lines]
            connection.execute(_ADD_PEOPLE, {"ids": ids})


class Timelines:
    """How far each timeline is, in the order of ids; and on the way back who is a member."""

    types: Sequence[str] = ("conversation", "member")

    def counts(self, _connection: Connection) -> dict[str, int]:
        """Return nothing: they are another service's."""
        return {}

    def write(self, connection: Connection) -> Iterator[dict[str, Any]]:
        """Yield every timeline."""
        for one in timelines(connection):
            yield {"type": "timeline", **one._asdict()}

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store timelines, of no epoch, and members."""
        for lines in in_batches(reader.take(*self.types)):
            begun: list[NumberedRow] = []
            members: list[NumberedRow] = []
            for line in lines:
                if line.type == "member":
                    member = parse(_MEMBER, line)
                    members.append((line.number, {**member}))
                    continue
                one = parse(_CONVERSATION, line)
                values: dict[str, Any] = {**one, "epoch": 0, "conversation_id": one["id"]}
                del values["id"]
                begun.append((line.number, values))
            insert_rows(connection, TimelineRow, begun)
            insert_rows(connection, MemberRow, members)


class Messages:
    """The section of messages, in the order of conversation ids and seqs."""

    types: Sequence[str] = ("message",)

    def __init__(self, unknown_people: UnknownPeople, timelines: Ends) -> None:
        self._unknown_people = unknown_people
        self._timelines = timelines

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many messages there are."""
        return {"message": count_rows(connection, MessageRow)}

    def write(self, connection: Connection) -> Iterator[MessageRecord]:
        """Yield every message."""
        reactions = Alongside(
            stream(
                connection,
                select(*ReactionRow.__table__.c).order_by(
                    ReactionRow.conversation_id, ReactionRow.seq, ReactionRow.rev
                ),
            ),
            lambda row: (row.conversation_id, row.seq),
        )
        messages = select(*_COLUMNS).order_by(MessageRow.conversation_id, MessageRow.seq)
        for row in stream(connection, messages):
            yield _record(row, reactions.of((row.conversation_id, row.seq)))

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store messages and reactions."""
        place = _Place(self._timelines())
        for lines in in_batches(reader.take("message")):
            messages = [(line.number, parse(_MESSAGE, line)) for line in lines]
            for number, message in messages:
                place.check(number, message)
                _check_fields(number, message)
                _check_reactions(number, message)
            self._check_people(messages)
            _check_replies(connection, messages)
            insert_rows(connection, MessageRow, [_row(*one) for one in messages])
            insert_rows(connection, ReactionRow, [*chain(*map(_reaction_rows, messages))])
        place.check_end(reader.position)

    def _check_people(self, messages: Sequence[Numbered]) -> None:
        named = {user_id for _, message in messages for user_id in _people_in(message)}
        unknown = self._unknown_people(named)
        if not unknown:
            return
        for number, message in messages:
            for user_id in _people_in(message):
                if user_id in unknown:
                    raise Refused(number, f"message: there is no user {user_id}")


class _Place:
    """Knows which message must come next, and the rev that a timeline must reach."""

    def __init__(self, timelines: Iterator[TimelineEnd]) -> None:
        self._timelines = timelines
        self._timeline = next(timelines, None)
        self._seq = 1
        self._rev = 0

    def check(self, line: int, message: MessageRecord) -> None:
        """Raise `Refused` unless this is the next message."""
        timeline = self._timeline
        if timeline is None:
            raise Refused(line, "message: every timeline is complete already")
        if (message["conversation_id"], message["seq"]) != (timeline.conversation_id, self._seq):
            raise Refused(line, f"message: in this place belongs {self._expected(timeline)}")
        if not message["seq"] <= message["rev"] <= timeline.rev:
            raise Refused(
                line, f"message.rev: must be from seq to the conversation's, {timeline.rev}"
            )
        self._rev = max(self._rev, message["rev"])
        self._seq += 1
        if self._seq > timeline.last_seq:
            if self._rev != timeline.rev:
                raise Refused(
                    line,
                    f"message.rev: the timeline ends at {self._rev}, the conversation says "
                    f"{timeline.rev}",
                )
            self._timeline = next(self._timelines, None)
            self._seq, self._rev = 1, 0

    def check_end(self, line: int) -> None:
        """Raise `Refused` unless every timeline is complete."""
        if self._timeline is not None:
            raise Refused(line, f"before this line belongs {self._expected(self._timeline)}")

    def _expected(self, timeline: TimelineEnd) -> str:
        return f"message {self._seq} of {timeline.last_seq} of {timeline.conversation_id}"


def _check_fields(line: int, message: MessageRecord) -> None:
    """Raise `Refused` where fields contradict each other."""
    deleted, edited = message["deleted_at"] is not None, message["edited_at"] is not None
    text = message["kind"] == "text"
    body = message["body"]
    if text == (message["notice"] is not None):
        raise Refused(line, "message.notice: a notice has one, a text has none")
    if text != (message["client_id"] is not None) or text != (message["sent_hash"] is not None):
        raise Refused(line, "message.client_id: a text has one, and a sent_hash; a notice neither")
    if (text and not deleted) != (body is not None):
        raise Refused(line, "message.body: a text has one until it is deleted, a notice has none")
    if body is not None and not body.strip():
        raise Refused(line, "message.body: must not be blank")
    if not text and (deleted or edited or message["reply_to"] is not None):
        raise Refused(line, "message.kind: a notice is no reply and does not change")


def _check_reactions(line: int, message: MessageRecord) -> None:
    """Raise `Refused` unless the reactions can have been given, one after the other."""
    before = message["seq"]
    if message["reactions"] and (message["kind"] != "text" or message["deleted_at"] is not None):
        raise Refused(line, "message.reactions: only a text that is not deleted has any")
    for reaction in message["reactions"]:
        if not before < reaction["rev"] <= message["rev"]:
            raise Refused(line, "message.reactions: revs must grow, and end with the message's")
        before = reaction["rev"]
    if len({canonical(reaction["emoji"]) for reaction in message["reactions"]}) > REACTIONS_MAX:
        raise Refused(line, f"message.reactions: at most {REACTIONS_MAX} different emoji")


def _check_replies(connection: Connection, messages: Sequence[Numbered]) -> None:
    """Raise `Refused` unless replies are to messages above, in the same conversation."""
    above: dict[str, str] = {}
    replied_to = [message["reply_to"] for _, message in messages if message["reply_to"]]
    if replied_to:
        rows = connection.execute(_REPLIED_TO, {"ids": as_items(replied_to)})
        above.update((row.id, row.conversation_id) for row in rows)
    for number, message in messages:
        reply_to = message["reply_to"]
        if reply_to is not None and above.get(reply_to) != message["conversation_id"]:
            raise Refused(
                number, f"message.reply_to: no message {reply_to} in this conversation above"
            )
        above[message["id"]] = message["conversation_id"]


def _people_in(message: MessageRecord) -> Iterator[str]:
    yield message["sender_id"]
    if message["notice"] is not None:
        yield from message["notice"]["user_ids"]
    for reaction in message["reactions"]:
        yield reaction["user_id"]


def _row(line: int, message: MessageRecord) -> NumberedRow:
    values = columns(message)
    del values["reactions"]
    values["sent_hash"] = message["sent_hash"] and bytes.fromhex(message["sent_hash"])
    values["notice"] = message["notice"] and json.dumps(message["notice"])
    return line, values


def _reaction_rows(numbered: Numbered) -> Iterator[NumberedRow]:
    line, message = numbered
    for reaction in message["reactions"]:
        key = {"conversation_id": message["conversation_id"], "seq": message["seq"]}
        yield line, {**key, **reaction}


def _record(row: Any, reactions: Sequence[Any]) -> MessageRecord:
    return MessageRecord(
        type="message",
        conversation_id=row.conversation_id,
        seq=row.seq,
        id=row.id,
        rev=row.rev,
        kind=row.kind,
        sender_id=row.sender_id,
        client_id=row.client_id,
        sent_hash=row.sent_hash and row.sent_hash.hex(),
        body=row.body,
        reply_to=row.reply_to,
        notice=row.notice and json.loads(row.notice),
        reactions=[
            ReactionRecord(emoji=one.emoji, user_id=one.user_id, rev=one.rev) for one in reactions
        ],
        created_at=row.created_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
    )
