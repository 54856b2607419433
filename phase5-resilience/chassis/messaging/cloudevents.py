"""Events between processes: CloudEvents 1.0 (https://cloudevents.io), JSON, structured mode."""

from typing import Any, NotRequired, TypedDict

from chassis.correlation import traceparent
from chassis.events import Announcement

CONTENT_TYPE = "application/cloudevents+json"


class CloudEvent(TypedDict):
    """One event; `urn:chat:cloudevent` in the schemas says the same. Names are the standard's."""

    specversion: str
    id: str
    source: str
    type: str
    """The topic, and the routing key: `conversation.message.created`."""
    time: str
    dataschema: str
    """Which version of which type: `urn:chat:conversation.message.created.v1`."""
    datacontenttype: str
    subject: NotRequired[str]
    """The conversation."""
    rev: NotRequired[int]
    audience: NotRequired[str]
    """Who alone is to hear of it, with commas between; without it the conversation's members."""
    traceparent: str
    requestid: NotRequired[str]
    data: dict[str, Any]


def cloud_event(announced: Announcement, topic: str) -> CloudEvent:
    """Return an event as other processes see it."""
    event = announced.event
    written = CloudEvent(
        specversion="1.0",
        id=event["id"],
        source="/chat",
        type=topic,
        time=event["occurred_at"],
        dataschema=f"urn:chat:{topic}.v{event['version']}",
        datacontenttype="application/json",
        traceparent=traceparent(event["request_id"]),
        data=event["data"],
    )
    if event["conversation_id"] is not None:
        written["subject"] = event["conversation_id"]
    if event["rev"] is not None:
        written["rev"] = event["rev"]
    if announced.audience:
        written["audience"] = ",".join(announced.audience)
    if event["request_id"] is not None:
        written["requestid"] = event["request_id"]
    return written
