"""Presence and typing: what people see of each other while they are connected."""

import threading
import time
from collections.abc import Collection, Sequence
from typing import TypedDict

import structlog

from chassis import context
from chassis.errors import NotReady, Unavailable
from chassis.events import Event, new_event
from chassis.identity import Caller
from realtime.connections import Connections
from realtime.neighbours import Memberships
from realtime.presence import Presence as Everywhere
from realtime.push import Hints
from realtime.subscriptions import Subscriptions

TYPING_INTERVAL = 1.0
"""Seconds between two `typing` events of one person in one conversation that are passed on."""

log = structlog.get_logger()


class Presence(TypedDict):
    """Whether somebody has a socket open."""

    user_id: str
    online: bool


class PresenceService:
    """Tells people who share a conversation when one of them comes and goes.

    While Redis is away, who is connected to other processes is not known; while the monolith is,
    who shares a conversation with somebody is known only of those who are connected here.
    """

    def __init__(
        self,
        memberships: Memberships,
        subscriptions: Subscriptions,
        connections: Connections,
        everywhere: Everywhere,
        hints: Hints,
    ) -> None:
        self._memberships = memberships
        self._subscriptions = subscriptions
        self._connections = connections
        self._everywhere = everywhere
        self._hints = hints
        self._telling = threading.Lock()

    def of(self, caller: Caller, user_ids: Sequence[str]) -> list[Presence]:
        """Return the presence of the caller and of those who share a conversation with them."""
        asked = list(dict.fromkeys(user_ids))
        visible = {*self._acquaintances(caller.user_id, asked), caller.user_id}
        online = {*self._connections.online(asked)}
        try:
            online |= self._everywhere.online(asked)
        except NotReady as error:
            _partly(error)
        return [
            Presence(user_id=user_id, online=user_id in online)
            for user_id in asked
            if user_id in visible
        ]

    def announce(self, user_id: str) -> None:
        """Tell those who share a conversation with this person, and their own other sockets."""
        # Before anything waits: where the system has closed the socket, its client may answer
        # meanwhile, and with the socket's end go the subscriptions.
        told = self._subscriptions.conversations(user_id)
        # One reload closes a socket and opens one, beside each other: whoever speaks last has to
        # say what is so by then.
        with self._telling:
            online = bool(self._connections.online([user_id]))
            try:
                self._everywhere.moved(user_id, online=online)
            except NotReady as error:
                log.warning("presence.partly", reason=str(error))
            self._hints.publish(_presence(user_id, online=online), told)

    def say_who_is_here(self) -> None:
        """Say in Redis who is connected, and tell of those whose process has gone."""
        with self._telling:
            self._everywhere.say(self._connections.people())
        gone = set(self._everywhere.bury())
        for user_id in gone - self._everywhere.online(gone):
            rooms = self._memberships.conversations(user_id)
            self._hints.publish(_presence(user_id, online=False), rooms)

    def _acquaintances(self, user_id: str, among: Collection[str]) -> set[str]:
        try:
            return self._memberships.acquaintances(user_id, among)
        except Unavailable as error:
            _partly(error)
        near = self._subscriptions.people(self._subscriptions.conversations(user_id))
        return near.intersection(among)


def _partly(error: Exception) -> None:
    log.warning("presence.partly", reason=str(error))
    context.degrade("presence")


def _presence(user_id: str, *, online: bool) -> Event:
    return new_event("presence", {"user_id": user_id, "online": online})


class TypingService:
    """Passes "is typing" on to the other members."""

    def __init__(self, subscriptions: Subscriptions, hints: Hints) -> None:
        self._subscriptions = subscriptions
        self._hints = hints
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], float] = {}
        self._swept = 0.0

    def announce(self, user_id: str, conversation_id: str) -> None:
        """Tell the other members, unless they have been told a moment ago."""
        is_member = conversation_id in self._subscriptions.conversations(user_id)
        if is_member and self._is_due(user_id, conversation_id):
            event = new_event("typing", {"user_id": user_id}, conversation_id=conversation_id)
            self._hints.publish(event, [conversation_id])

    def _is_due(self, user_id: str, conversation_id: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._swept >= TYPING_INTERVAL:
                self._swept = now
                self._last = {
                    key: at for key, at in self._last.items() if now - at < TYPING_INTERVAL
                }
            last = self._last.get((user_id, conversation_id))
            if last is not None and now - last < TYPING_INTERVAL:
                return False
            self._last[user_id, conversation_id] = now
            return True
