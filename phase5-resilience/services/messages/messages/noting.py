"""What is done once a change of a timeline is on disk."""

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter

from chassis import context
from chassis.cache.own_writes import OwnWrites, Wrote
from chassis.events import Event


class Noting:
    """Notes who has written, so that they find it in the lists, which are somebody else's copy."""

    def __init__(self, own_writes: OwnWrites, registry: CollectorRegistry) -> None:
        self._own_writes = own_writes
        self._accepted = Counter(
            "chat_messages_accepted_total", "Texts stored; a resend is none.", registry=registry
        )

    def publish(self, event: Event, _audience: Collection[str]) -> None:
        """Note an event of this process."""
        seq = 0
        if event["type"] == "message.created" and event["data"]["message"]["kind"] == "text":
            self._accepted.inc()
            seq = event["data"]["message"]["seq"]
        user_id, conversation_id, rev = context.user_id(), event["conversation_id"], event["rev"]
        if user_id and conversation_id and rev is not None:
            self._own_writes.note(user_id, conversation_id, Wrote(rev, seq))
