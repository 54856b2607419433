"""Events as they come from services, and as people get them."""

from chassis.events import Event
from chassis.identity import LOGINS_ENDED
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.schemas import Schemas
from events import versions

TYPES = {
    "conversation.message.created": "message.created",
    "conversation.message.edited": "message.edited",
    "conversation.message.deleted": "message.deleted",
    "conversation.reaction.added": "reaction.added",
    "conversation.reaction.removed": "reaction.removed",
    "conversation.created": "conversation.created",
    "conversation.renamed": "conversation.renamed",
    "conversation.members_added": "conversation.members_added",
    "conversation.member_removed": "conversation.member_removed",
    "conversation.role_changed": "conversation.role_changed",
    "conversation.read": "read",
    "account.logins_ended": LOGINS_ENDED,
}


def schemas() -> Schemas:
    """Return what every producer promises, and every consumer expects."""
    return Schemas(versions.SCHEMAS, versions.UPCASTS)


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


def audience_of(said: CloudEvent) -> list[str]:
    """Return who alone is to hear of an event; nobody: the conversation's members."""
    audience = said.get("audience")
    return audience.split(",") if audience else []
