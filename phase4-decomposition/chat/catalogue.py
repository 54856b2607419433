"""Which events leave the process: the topic of each type, and the schema of each topic."""

from pathlib import Path

import events
from chassis.events import Event
from chassis.identity import LOGINS_ENDED
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.outbox import Outbox
from chassis.messaging.schemas import Schemas, Upcasts
from chassis.messaging.settings import OutboxSettings
from chat.jobs.service import REQUESTED
from chat.messages import versions

TOPICS = {
    "message.created": "conversation.message.created",
    "message.edited": "conversation.message.edited",
    "message.deleted": "conversation.message.deleted",
    "reaction.added": "conversation.reaction.added",
    "reaction.removed": "conversation.reaction.removed",
    "conversation.created": "conversation.created",
    "conversation.renamed": "conversation.renamed",
    "conversation.members_added": "conversation.members_added",
    "conversation.member_removed": "conversation.member_removed",
    "conversation.role_changed": "conversation.role_changed",
    "read": "conversation.read",
    LOGINS_ENDED: "account.logins_ended",
    "notification.digest_due": "notification.digest_due",
    REQUESTED: "job.requested",
}
TYPES = {topic: kind for kind, topic in TOPICS.items()}


UPCASTS: Upcasts = {versions.V1: versions.newer}


def schemas() -> Schemas:
    """Return what every producer promises, and every consumer expects."""
    return Schemas(Path(events.__file__).parent / "schemas", UPCASTS)


def outbox(settings: OutboxSettings) -> Outbox:
    """Return an outbox that writes the newest versions, but for those that are held back."""
    held_back = {f"urn:chat:{one.strip()}" for one in settings.events_held_back.split(",")}
    upcasts = {name: upcast for name, upcast in UPCASTS.items() if name not in held_back}
    return Outbox(TOPICS, settings.outbox_max, upcasts)


def contract_event(said: CloudEvent) -> Event:
    """Return an event as people get it: asyncapi.yaml has version 1 of each, for ever."""
    data = said["data"]
    if said["dataschema"] == versions.V2:
        data = {"message": versions.message_of(said)}
    return Event(
        id=said["id"],
        type=TYPES[said["type"]],
        version=1,
        occurred_at=said["time"],
        request_id=said.get("requestid"),
        conversation_id=said.get("subject"),
        rev=said.get("rev"),
        data=data,
    )
