"""Presence and typing: what people see of each other while they are connected."""

import threading
import time
from collections.abc import Sequence
from typing import TypedDict

from chassis.database import Database
from chassis.errors import NotFound
from chassis.events import Publisher, new_event
from chassis.identity import Caller
from chassis.replica import rereading
from chat.conversations.membership import acquaintances, require_member
from chat.realtime.connections import Connections
from chat.realtime.elsewhere import Elsewhere

TYPING_INTERVAL = 1.0
"""Seconds between two `typing` events of one person in one conversation that are passed on."""


class Presence(TypedDict):
    """Whether somebody has a socket open."""

    user_id: str
    online: bool


class PresenceService:
    """Tells people who share a conversation when one of them comes and goes."""

    def __init__(
        self,
        database: Database,
        connections: Connections,
        elsewhere: Elsewhere,
        publisher: Publisher,
    ) -> None:
        self._database = database
        self._elsewhere = elsewhere
        self._connections = connections
        self._publisher = publisher
        self._telling = threading.Lock()

    @rereading
    def of(self, caller: Caller, user_ids: Sequence[str]) -> list[Presence]:
        """Return the presence of the caller and of those who share a conversation with them."""
        asked = list(dict.fromkeys(user_ids))
        with self._database.read(fresh_for=[caller.user_id]) as connection:
            visible = acquaintances(connection, caller.user_id, asked)
        visible.add(caller.user_id)
        online = {*self._connections.online(asked), *self._elsewhere.online(asked)}
        return [
            Presence(user_id=user_id, online=user_id in online)
            for user_id in asked
            if user_id in visible
        ]

    def announce(self, user_id: str) -> None:
        """Tell those who share a conversation with this person, and their own other sockets."""
        # One reload closes a socket and opens one, in two threads: whoever speaks last has to
        # say what is so by then.
        with self._telling:
            online = bool(self._connections.online([user_id]))
            event = new_event("presence", {"user_id": user_id, "online": online})
            self._publisher.publish(event, ())


class TypingService:
    """Passes "is typing" on to the other members."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], float] = {}
        self._swept = 0.0

    def announce(self, user_id: str, conversation_id: str) -> None:
        """Tell the other members, unless they have been told a moment ago."""
        if not self._is_due(user_id, conversation_id):
            return
        with self._database.read() as connection:
            try:
                require_member(connection, conversation_id, user_id)
            except NotFound:
                return
        event = new_event("typing", {"user_id": user_id}, conversation_id=conversation_id)
        self._publisher.publish(event, ())

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
