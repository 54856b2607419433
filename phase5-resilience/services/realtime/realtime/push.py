"""Events reach sockets: of this process, by whichever process something was done."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from threading import Thread
from typing import Protocol

import orjson
import structlog

from chassis.errors import NotReady, Unavailable
from chassis.events import Event
from chassis.identity import Caller
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.schemas import Newer, Schemas, Unacceptable
from chassis.tracing.spans import consuming
from realtime.catalogue import audience_of, contract_event
from realtime.connections import Connections
from realtime.presence import Presence
from realtime.publisher import SocketPublisher
from realtime.subscriptions import Subscriptions

LOOK_EVERY = 1.0
"""Seconds between two looks at which logins have ended."""
OVERLAP_MS = 60_000
"""An end is written down before it is committed, and seen only then; and a ticket is good for half
of this: whoever opens a socket with an old one has it closed by the next look."""

log = structlog.get_logger()


class Push:
    """Finds out who of those here is to hear of an event, and hands it to their sockets.

    Nobody is asked for that. Events of one conversation come in their order: who is not in it any
    more by the one hears nothing of the next.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        connections: Connections,
        presence: Presence,
        publisher: SocketPublisher,
        schemas: Schemas,
    ) -> None:
        self._subscriptions = subscriptions
        self._connections = connections
        self._presence = presence
        self._publisher = publisher
        self._schemas = schemas

    def hear(self, messages: Sequence[tuple[bool, bytes]]) -> None:
        """Push what these messages tell of; an error means that somebody may not have heard."""
        for is_hint, body in messages:
            try:
                if is_hint:
                    self.push_hint(**json.loads(body))
                else:
                    said = self._schemas.read(body)
                    with consuming("sockets", said):
                        self._push(said)
            except (Unacceptable, Newer) as error:
                log.error("event.unacceptable", reason=str(error))  # noqa: TRY400

    def push_hint(self, event: Event, conversation_ids: Collection[str]) -> None:
        """Push what is not stored, to who is in one of these conversations."""
        people, user_id = self._subscriptions.people(conversation_ids), event["data"]["user_id"]
        if event["type"] == "presence":
            people.add(user_id)
            event["data"]["online"] = self._is_online(user_id, said=event["data"]["online"])
        else:
            people.discard(user_id)
        self._publisher.publish(event, people)

    def _push(self, said: CloudEvent) -> None:
        event, audience = contract_event(said), audience_of(said)
        data, conversation_id = event["data"], event["conversation_id"] or ""
        change = self._subscriptions.changed
        match event["type"]:
            case "conversation.created":
                change(conversation_id, audience, joined=True)
            case "conversation.members_added":
                change(conversation_id, data["user_ids"], joined=True)
        people = set(audience) or self._subscriptions.people([conversation_id])
        if event["type"] == "conversation.member_removed":
            people.add(data["user_id"])
            change(conversation_id, [data["user_id"]], joined=False)
        self._publisher.publish(event, people)

    def _is_online(self, user_id: str, *, said: bool) -> bool:
        """Return what is so by now: of two processes who tell of one person, either may be late."""
        if self._connections.online([user_id]):
            return True
        try:
            return bool(self._presence.online([user_id]))
        except NotReady:
            return said


class Hints:
    """Tells of what is not stored: typing, and who is there. By the broker, if it is there.

    Without it each process tells its own sockets alone.
    """

    def __init__(self, push: Push, send: Callable[[bytes], bool]) -> None:
        self._push = push
        self._send = send

    def publish(self, event: Event, conversation_ids: Collection[str]) -> None:
        """Have every process push it; if there is no way to others, this one does."""
        told = list(conversation_ids)
        if not self._send(orjson.dumps({"event": event, "conversation_ids": told})):
            self._push.push_hint(event, told)


class Logins(Protocol):
    """Who knows which logins have ended."""

    def ended_since(self, moment: int) -> tuple[dict[str, int], int]:
        """Return which have since then, and when, and the present; in milliseconds."""


class EndedLogins:
    """Closes the sockets of logins that have ended.

    The event that tells of it is faster. But outbox, relay and broker can all be late, and who has
    logged out, or was suspended, is to hear nothing more: so this asks auth, as the gateway does
    for requests.
    """

    def __init__(self, logins: Logins, publisher: SocketPublisher) -> None:
        self._logins = logins
        self._publisher = publisher
        self._moment = 0
        self._ended: frozenset[str] = frozenset()

    def is_alive(self, caller: Caller) -> bool:
        """Return whether the caller's login is not known to have ended; asks nobody."""
        return caller.login_id not in self._ended

    def look(self) -> None:
        """Close what there is to close."""
        ended, now = self._logins.ended_since(self._moment)
        self._ended = frozenset(ended)
        self._publisher.close_logins(ended)
        self._moment = now - OVERLAP_MS


def again_and_again(seconds: float, do: Callable[[], object]) -> None:
    """Do something in a thread of its own for as long as the process lives, whatever fails."""

    def run() -> None:
        while True:
            time.sleep(seconds)
            try:
                do()
            except Unavailable:
                continue
            except Exception:
                log.exception("beside.failed")

    Thread(target=run, name="beside", daemon=True).start()
