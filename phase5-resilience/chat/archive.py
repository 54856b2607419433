"""What of an archive is the monolith's. Before it stands what is auth's and the profiles'.

Messages are the messages service's; `lab` puts them where they belong.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

import chassis.messaging.inbox
import chassis.messaging.outbox  # noqa: F401
import chat.activity.models
import chat.jobs.models  # noqa: F401
from chassis.archive import Section
from chat.conversations.archive import Conversations
from chat.moderation.archive import Actions
from chat.notifications.archive import Wishes
from chat.people.archive import People, unknown_people


def sections(connection: Connection) -> Sequence[Section]:
    """Return the sections in their order. What one has to know of another, it asks as told here."""
    unknown = partial(unknown_people, connection)
    return (
        People(),
        Conversations(unknown),
        Actions(),
        Wishes(),
    )
