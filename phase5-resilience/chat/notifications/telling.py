"""What events come to: called for each once, and for those of a conversation in their order."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from chassis.clock import now_ms
from chassis.database import insert_if_new
from chassis.ids import new_id
from chassis.messaging.cloudevents import CloudEvent
from chassis.work import Work
from chat.conversations.membership import audience, names_of
from chat.notifications.mentions import mentioned
from chat.notifications.models import NotificationRow, PreferencesRow
from chat.people.service import ids_of
from events.versions import V2, message_of


def tell(work: Work, event: CloudEvent) -> None:
    """Do what an event that the queue is bound to asks for."""
    said = {"message": message_of(event)} if event["dataschema"] == V2 else event["data"]
    _ON[event["type"]](work.connection, event["subject"], said)


def _created(connection: Connection, conversation_id: str, data: dict[str, Any]) -> None:
    """Notify; an edit that comes later does not do it again. Whoever answers has read."""
    message = data["message"]
    if message["kind"] != "text":
        return
    seen = {"user_id": message["sender_id"], "read_seq": message["seq"]}
    _read(connection, conversation_id, seen)
    mentions = list(mentioned(message["body"]))
    is_direct = names_of(connection, [conversation_id]) == {conversation_id: None}
    if not (is_direct or mentions):
        return
    others = set(audience(connection, conversation_id)) - {message["sender_id"]}
    if is_direct:
        kinds = dict.fromkeys(others, "direct")
    else:
        kinds = dict.fromkeys(_meant(connection, mentions, others), "mention")
    rows = [
        {
            "id": new_id(),
            "user_id": user_id,
            "kind": kinds[user_id],
            "conversation_id": conversation_id,
            "message_id": message["id"],
            "seq": message["seq"],
            "sender_id": message["sender_id"],
            "created_at": now_ms(),
        }
        for user_id in _wanted(connection, kinds)
    ]
    if rows:
        connection.execute(insert_if_new(NotificationRow, "message_id", "user_id"), rows)


def _meant(
    connection: Connection, mentions: Sequence[list[str]], members: set[str]
) -> Iterable[str]:
    """Yield which of these people are mentioned."""
    known = ids_of(connection, {name for names in mentions for name in names})
    for names in mentions:
        found = [known[name] for name in names if known.get(name) in members]
        yield from found[:1]


def _wanted(connection: Connection, kinds: dict[str, str]) -> list[str]:
    """Return those who have not said that they do not want this."""
    asked = select(PreferencesRow).where(PreferencesRow.user_id.in_(kinds))
    wishes = {row.user_id: row for row in connection.execute(asked)}
    return [
        user_id
        for user_id, kind in kinds.items()
        if user_id not in wishes
        or (wishes[user_id].direct if kind == "direct" else wishes[user_id].mentions)
    ]


def _deleted(connection: Connection, _conversation_id: str, data: dict[str, Any]) -> None:
    _forget(connection, NotificationRow.message_id == data["message"]["id"])


def _removed(connection: Connection, conversation_id: str, data: dict[str, Any]) -> None:
    _forget(
        connection,
        NotificationRow.user_id == data["user_id"],
        NotificationRow.conversation_id == conversation_id,
    )


def _read(connection: Connection, conversation_id: str, data: dict[str, Any]) -> None:
    mark_read(
        connection,
        data["user_id"],
        NotificationRow.conversation_id == conversation_id,
        NotificationRow.seq <= data["read_seq"],
    )


def mark_read(connection: Connection, user_id: str, *which: ColumnElement[bool]) -> None:
    """Mark these unread notifications of somebody as read."""
    connection.execute(
        update(NotificationRow)
        .where(NotificationRow.user_id == user_id, NotificationRow.read_at.is_(None), *which)
        .values(read_at=now_ms())
    )


def _forget(connection: Connection, *which: ColumnElement[bool]) -> None:
    connection.execute(delete(NotificationRow).where(*which))


_ON = {
    "conversation.message.created": _created,
    "conversation.message.deleted": _deleted,
    "conversation.member_removed": _removed,
    "conversation.read": _read,
}
