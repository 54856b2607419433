"""The shapes that `conversation.message.created` has had, and the way from one to the other.

Version 1 is the message as people get it. Version 2 tells apart what happened, who did it and what
was said, in parts: there is room for other parts than text, and nothing in it can only be null.
"""

from pathlib import Path
from typing import Any

from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.schemas import Upcasts
from events.timelines import Message

V1 = "urn:chat:conversation.message.created.v1"
V2 = "urn:chat:conversation.message.created.v2"
SCHEMAS = Path(__file__).parent / "schemas"
"""What every producer promises, and every consumer expects."""


def newer(event: CloudEvent) -> CloudEvent:
    """Return an event of version 1 as one of version 2."""
    said: dict[str, Any] = event["data"]["message"]
    sender, message = {"id": said["sender_id"]}, {name: said[name] for name in _OF_MESSAGE}
    if said.get("client_id"):
        sender["client_id"] = str(said["client_id"])
    if said.get("reply_to"):
        message["reply_to"] = said["reply_to"]
    content: dict[str, Any] = {"kind": said["kind"]}
    content |= (
        {"text": said.get("body") or ""}
        if said["kind"] == "text"
        else {"notice": said.get("notice")}
    )
    data = {"message": message, "sender": sender, "content": [content]}
    if "last_activity_at" in event["data"]:
        data["last_activity_at"] = event["data"]["last_activity_at"]
    return {**event, "dataschema": V2, "data": data}


_OF_MESSAGE = ("id", "seq", "created_at")


def message_of(event: CloudEvent) -> Message:
    """Return the message that an event of version 2 tells of, as people get it."""
    data = event["data"]
    message, sender = data["message"], data["sender"]
    texts = [one["text"] for one in data["content"] if one["kind"] == "text"]
    notices = [one["notice"] for one in data["content"] if one["kind"] == "notice"]
    return Message(
        id=message["id"],
        conversation_id=event["subject"],
        seq=message["seq"],
        rev=event["rev"],
        kind="notice" if notices else "text",
        sender_id=sender["id"],
        client_id=sender.get("client_id"),
        body=None if notices else "".join(texts),
        reply_to=message.get("reply_to"),
        notice=notices[0] if notices else None,
        reactions=[],
        created_at=message["created_at"],
        edited_at=None,
        deleted_at=None,
    )


UPCASTS: Upcasts = {V1: newer}
"""What every reader is led by to the newest version."""
