"""Events reach sockets: of this process, by whichever process something was done."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from threading import Thread
from typing import Any, Protocol

import orjson
import structlog

from chassis.database import Database
from chassis.errors import Unavailable
from chassis.events import Event, new_event
from chassis.identity import Caller
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.schemas import Newer, Schemas, Unacceptable
from chat.conversations.membership import acquaintances, audiences
from chat.realtime.connections import Connections
from chat.realtime.elsewhere import Elsewhere
from chat.realtime.publisher import SocketPublisher

LOOK_EVERY = 1.0
"""Seconds between two looks at which logins have ended."""
OVERLAP_MS = 60_000
"""An end is written down before it is committed, and seen only then; and a ticket is good for half
of this: whoever opens a socket with an old one has it closed by the next look."""

log = structlog.get_logger()


class Push:
    """Finds out who is to hear of an event, and hands it to their sockets here.

    Who that is, is asked at this moment, and once for all events that have come together: one
    query, whatever their number. It goes to the primary: nobody hears of what is said in a
    conversation that they have left. `as_contract` makes of an event what people get.
    """

    def __init__(
        self,
        database: Database,
        connections: Connections,
        publisher: SocketPublisher,
        schemas: Schemas,
        as_contract: Callable[[CloudEvent], Event],
        elsewhere: Elsewhere,
    ) -> None:
        self._elsewhere = elsewhere
        self._database = database
        self._connections = connections
        self._publisher = publisher
        self._schemas = schemas
        self._as_contract = as_contract

    def hear(self, messages: Sequence[tuple[bool, bytes]]) -> None:
        """Push what these messages tell of.

        Errors: those of the database; then nobody has heard, and all sockets have to catch up.
        """
        heard: list[tuple[Event, Collection[str]]] = []
        for is_hint, body in messages:
            try:
                heard += self._hinted(json.loads(body)) if is_hint else [self._read(body)]
            except (Unacceptable, Newer) as error:
                log.error("event.unacceptable", reason=str(error))  # noqa: TRY400
        if self._connections.all():
            self.push(heard)

    def push(self, events: Sequence[tuple[Event, Collection[str]]]) -> None:
        """Push events, each to its audience; where there is none given, to whom it concerns."""
        told = {one["conversation_id"] for one, audience in events if not audience} - {None}
        with self._database.read() as connection:
            members = audiences(connection, [one for one in told if one is not None])
            for event, audience in events:
                if event["type"] == "presence":
                    user_id = event["data"]["user_id"]
                    event["data"]["online"] = self._is_online(user_id)
                    audience = acquaintances(connection, user_id) | {user_id}  # noqa: PLW2901
                people = audience or _concerned(event, members[event["conversation_id"] or ""])
                self._publisher.publish(event, people)

    def forget_silent(self) -> None:
        """Tell of people whose process has gone."""
        gone = self._elsewhere.forget_silent()
        if gone:
            self.push([(_presence(user_id), ()) for user_id in gone])

    def _hinted(self, hint: dict[str, Any]) -> list[tuple[Event, Collection[str]]]:
        """Return what there is to push of a hint: `{"process": …}` with `event` or `online`."""
        event, process = hint.get("event"), hint["process"]
        if event is None:
            news = self._elsewhere.said(process, hint["online"])
            return [(_presence(user_id), ()) for user_id in news]
        if event["type"] == "presence":
            self._elsewhere.moved(process, **event["data"])
        return [(event, ())]

    def _is_online(self, user_id: str) -> bool:
        here, asked = self._connections, [user_id]
        return bool(here.online(asked) or self._elsewhere.online(asked))

    def _read(self, body: bytes) -> tuple[Event, Collection[str]]:
        """Return an event as the contract has it, and who alone is to hear of it."""
        said = self._schemas.read(body)
        return self._as_contract(said), _listed(said.get("audience"))


def _concerned(event: Event, members: Collection[str]) -> Collection[str]:
    """Return who is to hear of an event, besides or among the members that there are by now."""
    match event["type"]:
        case "conversation.member_removed":
            return {*members, event["data"]["user_id"]}
        case "typing":
            return {*members} - {event["data"]["user_id"]}
    return members


def _presence(user_id: str) -> Event:
    return new_event("presence", {"user_id": user_id, "online": False})


def _listed(audience: str | None) -> Collection[str]:
    return audience.split(",") if audience else ()


class Hints:
    """Tells of what is not stored: typing, and who is there. By the broker, if it is there.

    Without it each process tells its own sockets alone, and soon knows of no others.
    """

    def __init__(self, push: Push, process: str, send: Callable[[bytes], bool]) -> None:
        self._push = push
        self._process = process
        self._send = send

    def publish(self, event: Event, user_ids: Collection[str] = ()) -> None:
        """Have every process push it; if there is no way to others, this one does."""
        if not self._send(orjson.dumps({"process": self._process, "event": event})):
            self._push.push([(event, user_ids)])

    def say_who_is_here(self, user_ids: Collection[str]) -> None:
        """Have other processes know who all is connected to this one."""
        self._send(orjson.dumps({"process": self._process, "online": list(user_ids)}))


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
