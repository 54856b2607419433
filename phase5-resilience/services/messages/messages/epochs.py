"""Epochs of the membership are brought into the timeline, in their order, each exactly once.

However one comes here, by a call, by an event or because it was asked for: the transaction that
brings it in raises the timeline's epoch, changes the replica, and writes the notice.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from chassis.database import Database, insert_if_new
from chassis.events import Event, new_event
from chassis.work import Work
from events.timelines import Change, Described, Notice, Role
from messages.conversations import Conversations
from messages.models import MemberRow, TimelineRow
from messages.timeline import append_notice

_EPOCH = select(TimelineRow.epoch)


class Epochs:
    """Keeps the replica. Whoever finds a gap in it asks conversations for what is missing."""

    def __init__(self, database: Database, conversations: Conversations) -> None:
        self._database = database
        self._conversations = conversations

    def bring(self, conversation_id: str, change: Change) -> None:
        """Bring one in, and before it what may be missing."""
        with self._database.write() as work:
            is_next = apply(work, conversation_id, [change])
        if not is_next:
            self.learn(conversation_id)

    def hear(self, work: Work, conversation_id: str, change: Change) -> None:
        """Do the same in a transaction of the caller's."""
        if change["epoch"] > _epoch(work.connection, conversation_id) + 1:
            apply(work, conversation_id, self._missing(work.connection, conversation_id))
        else:
            apply(work, conversation_id, [change])

    def learn(self, conversation_id: str) -> bool:
        """Ask conversations for what is missing; return whether anything was.

        Errors: `NotReady` if no answer comes in time.
        """
        with self._database.read() as connection:
            missing = self._missing(connection, conversation_id)
        if missing:
            with self._database.write() as work:
                apply(work, conversation_id, missing)
        return bool(missing)

    def _missing(self, connection: Connection, conversation_id: str) -> list[Change]:
        return self._conversations.changes(conversation_id, _epoch(connection, conversation_id))


def apply(work: Work, conversation_id: str, changes: Sequence[Change]) -> bool:
    """Bring in those that come next and are new; return False if there is a gap before one."""
    if changes and changes[0]["epoch"] == 1:
        _begin(work.connection, conversation_id, changes[0])
    epoch = _epoch(work.connection, conversation_id, for_change=True)
    for change in changes:
        if change["epoch"] > epoch + 1:
            return False
        if change["epoch"] == epoch + 1:
            _apply(work, conversation_id, change)
            epoch += 1
    return True


def _epoch(connection: Connection, conversation_id: str, *, for_change: bool = False) -> int:
    """Return which epoch is known; of a conversation that is not, 0."""
    asked = _EPOCH.where(TimelineRow.conversation_id == conversation_id)
    return connection.scalar(asked.with_for_update() if for_change else asked) or 0


def _begin(connection: Connection, conversation_id: str, change: Change) -> None:
    begun = insert_if_new(TimelineRow, "conversation_id").values(
        conversation_id=conversation_id,
        kind=change["conversation"]["kind"],
        epoch=0,
        last_seq=0,
        rev=0,
        last_activity_at=change["at"],
    )
    connection.execute(begun)


def _apply(work: Work, conversation_id: str, change: Change) -> None:
    said = change["notice"]
    connection = work.connection
    connection.execute(
        update(TimelineRow)
        .where(TimelineRow.conversation_id == conversation_id)
        .values(epoch=change["epoch"])
    )
    _change_members(connection, conversation_id, change)
    if change["conversation"]["kind"] == "direct":
        told = partial(new_event, conversation_id=conversation_id)
        people = [change["actor_id"], *said["user_ids"]]
        work.announce(_created(told, change["conversation"]), people)
        return
    noticed = append_notice(work, conversation_id, change["actor_id"], said)
    told = partial(new_event, conversation_id=conversation_id, rev=noticed["rev"])
    if said["action"] == "created":
        people = [change["actor_id"], *said["user_ids"]]
        work.announce(_created(told, change["conversation"]), people)
    else:
        if said["action"] == "members_added":
            work.announce(_created(told, change["conversation"]), said["user_ids"])
        work.announce(_changed(told, said))
    work.announce(noticed)


def _change_members(connection: Connection, conversation_id: str, change: Change) -> None:
    said, actor_id = change["notice"], change["actor_id"]
    one = (MemberRow.conversation_id == conversation_id, MemberRow.user_id.in_(said["user_ids"]))
    match said["action"]:
        case "created":
            first: Role = "owner" if change["conversation"]["kind"] == "group" else "member"
            roles = {actor_id: first, **dict.fromkeys(said["user_ids"], "member")}
            _insert(connection, conversation_id, roles)
        case "members_added":
            _insert(connection, conversation_id, dict.fromkeys(said["user_ids"], "member"))
        case "member_removed" | "member_left":
            connection.execute(delete(MemberRow).where(*one))
        case "role_changed":
            connection.execute(update(MemberRow).where(*one).values(role=said["role"]))


def _insert(connection: Connection, conversation_id: str, roles: dict[str, Any]) -> None:
    rows = [
        {"conversation_id": conversation_id, "user_id": user_id, "role": role}
        for user_id, role in roles.items()
    ]
    connection.execute(insert(MemberRow), rows)


def _created(told: Any, described: Described) -> Event:
    event: Event = told("conversation.created", dict(described))
    return event


def _changed(told: Any, said: Notice) -> Event:
    """Build the event that tells people of a change, beside the notice."""
    data: dict[str, object]
    match said["action"]:
        case "renamed":
            kind, data = "conversation.renamed", {"name": said["name"]}
        case "members_added":
            kind, data = "conversation.members_added", {"user_ids": said["user_ids"]}
        case "role_changed":
            data = {"user_id": said["user_ids"][0], "role": said["role"]}
            kind = "conversation.role_changed"
        case _:
            kind, data = "conversation.member_removed", {"user_id": said["user_ids"][0]}
    event: Event = told(kind, data)
    return event
