"""What is told of somebody's presence is so, whoever is told of it at once."""

import threading
from collections.abc import Collection
from typing import Any, cast

from chassis.events import Event
from chassis.identity import Caller
from realtime.connections import Connections
from realtime.service import PresenceService
from realtime.subscriptions import Subscriptions


class Overtaken(Connections):
    """Answers so slowly that the second socket has opened meanwhile."""

    second: threading.Thread | None = None
    presence: PresenceService

    def online(self, user_ids: Collection[str]) -> list[str]:
        found = super().online(user_ids)
        if self.second is None:
            self.add("second", Caller(user_id="ann", login_id="one"))
            self.second = threading.Thread(target=self.presence.announce, args=["ann"])
            self.second.start()
            self.second.join(0.2)
        return found


class Told:
    """Takes hints, and what is said in Redis."""

    def __init__(self) -> None:
        self.online: list[bool] = []
        self.said: list[bool] = []

    def publish(self, event: Event, _conversation_ids: Collection[str]) -> None:
        self.online.append(event["data"]["online"])

    def moved(self, _user_id: str, *, online: bool) -> None:
        self.said.append(online)


def test_the_last_that_is_said_of_somebodys_presence_is_true() -> None:
    """A reload: one socket closes and one opens, and both are told of at once."""
    told, connections = Told(), Overtaken()
    anything = cast(Any, told)
    subscriptions = Subscriptions(lambda _: [])
    presence = PresenceService(anything, subscriptions, connections, anything, anything)
    connections.presence = presence
    presence.announce("ann")  # the first socket has closed
    assert connections.second is not None
    connections.second.join()
    assert told.online == told.said == [False, True]


class Ending(Told):
    """The socket's own thread ends while Redis is told."""

    subscriptions: Subscriptions
    rooms: Collection[str] = ()

    def publish(self, event: Event, conversation_ids: Collection[str]) -> None:
        super().publish(event, conversation_ids)
        self.rooms = conversation_ids

    def moved(self, user_id: str, *, online: bool) -> None:
        super().moved(user_id, online=online)
        self.subscriptions.leave(user_id)


def test_who_is_sent_away_and_leaves_at_once_is_told_of_all_the_same() -> None:
    told = Ending()
    anything = cast(Any, told)
    told.subscriptions = Subscriptions(lambda _: ["group"])
    told.subscriptions.enter("ann")
    presence = PresenceService(anything, told.subscriptions, Connections(), anything, anything)
    presence.announce("ann")  # the system has closed her only socket: she has logged out
    assert told.online == [False]
    assert set(told.rooms) == {"group"}
