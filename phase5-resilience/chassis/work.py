"""A unit of work: one writing transaction, and what is told once it is on disk."""

from collections.abc import Collection

from sqlalchemy import Connection

from chassis import context
from chassis.events import Announcement, Event


class Work:
    """What happens together or not at all."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.announcements: list[Announcement] = []

    def announce(self, event: Event, audience: Collection[str] = ()) -> None:
        """Have people told of a change; see `Announcement`. A rollback takes it back."""
        self.announcements.append(Announcement(event, audience))

    def concerned(self) -> set[str]:
        """Return for whom it must be there at once, people and conversations; of none: everybody.

        That is who acts. What others see outside of the conversation may be two seconds older.
        """
        conversations = {one.event["conversation_id"] or "" for one in self.announcements}
        if not conversations or "" in conversations:
            return set()
        people = {user_id for one in self.announcements for user_id in one.audience}
        return conversations | people | {context.user_id()} - {""}
