"""Which events leave the process: the topic of each type, and the schema of each topic."""

from pathlib import Path

from chassis.identity import LOGINS_ENDED
from chassis.messaging.schemas import Schemas
from chat.jobs.service import REQUESTED

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


def schemas() -> Schemas:
    """Return what every producer promises, and every consumer expects."""
    return Schemas(Path(__file__).parent / "schemas")
