"""What an archive of this system consists of, in this order."""

from collections.abc import Sequence

from sqlalchemy import Connection

import chat.realtime.models  # noqa: F401 - tickets are emptied with the rest, but not archived
from chassis.archive import Section
from chat.auth.archive import Logins, Users, people, unknown_people
from chat.conversations.archive import Conversations, timelines
from chat.messages.archive import Messages
from chat.profiles.archive import Profiles

SECTIONS: Sequence[Section] = (
    Users(),
    Logins(),
    Profiles(people),
    Conversations(unknown_people),
    Messages(unknown_people, timelines),
)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many records of each type the system holds."""
    return {name: n for section in SECTIONS for name, n in section.counts(connection).items()}
