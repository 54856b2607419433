"""What the messages service tells others."""

from chassis.messaging.outbox import Outbox
from chassis.messaging.settings import OutboxSettings
from events.versions import UPCASTS

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
}


def outbox(settings: OutboxSettings) -> Outbox:
    """Return an outbox that writes the newest versions, but for those that are held back."""
    held_back = {f"urn:chat:{one.strip()}" for one in settings.events_held_back.split(",")}
    upcasts = {name: upcast for name, upcast in UPCASTS.items() if name not in held_back}
    return Outbox(TOPICS, settings.outbox_max, upcasts)
