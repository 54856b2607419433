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
