"""A unit of work: one writing transaction, and what is told once it is on disk."""

from collections.abc import Collection

from sqlalchemy import Connection

from chassis.events import Announcement, Event


class Work:
    """What happens together or not at all."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.announcements: list[Announcement] = []

    def announce(self, event: Event, user_ids: Collection[str] = ()) -> None:
        """Have people told of a change. A rollback takes what was announced back with it."""
        self.announcements.append(Announcement(event, user_ids))

    def concerned(self) -> set[str]:
        """Return the ids of people and conversations that this is about; of none: of everybody."""
        if not all(announced.user_ids for announced in self.announcements):
            return set()
        conversations = {one.event["conversation_id"] for one in self.announcements}
        people = {user_id for one in self.announcements for user_id in one.user_ids}
        return people | {one for one in conversations if one is not None}
