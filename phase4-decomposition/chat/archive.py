"""What an archive of this system consists of."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

import chassis.messaging.inbox
import chassis.messaging.outbox  # noqa: F401
import chat.activity.models
import chat.jobs.models
import chat.realtime.models  # noqa: F401
from chassis.archive import Section
from chat.auth.archive import Logins, Users, people, unknown_people
from chat.conversations.archive import Conversations, timelines
from chat.messages.archive import Messages
from chat.moderation.archive import Actions
from chat.notifications.archive import Wishes
from chat.profiles.archive import Profiles


def sections(connection: Connection) -> Sequence[Section]:
    """Return the sections in their order. What one has to know of another, it asks as told here."""
    unknown = partial(unknown_people, connection)
    return (
        Users(),
        Logins(),
        Profiles(partial(people, connection)),
        Conversations(unknown),
        Messages(unknown, partial(timelines, connection)),
        Actions(),
        Wishes(),
    )


def counts(connection: Connection) -> dict[str, int]:
    """Return how many records of each type the system holds."""
    found = sections(connection)
    return {name: n for section in found for name, n in section.counts(connection).items()}
