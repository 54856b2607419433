"""Writes a world down as an archive."""

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import BinaryIO

from world.archive import Writer, line
from world.people import Person
from world.plan import World, bench, demo
from world.timeline import timeline

SIZES: dict[str, Callable[[int, int], World]] = {"demo": demo, "bench": bench}

PASSWORD = "chat-sample-1"  # noqa: S105 - the documented password of everybody in the world
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$Y2hhdC1zYW1wbGUtc2FsdA$"  # noqa: S105
    "IWsM5EOWA4kwrTiRTVKLrIBxZkdBR/ZMUDKcfpW8Znc"
)
"""argon2id of PASSWORD at the phases' own cost (19 MiB, two passes, one lane), computed once."""

SAMPLES = ("maya", "jonas")
"""Who is introduced to a newcomer: the first has much going on, and the two talk."""


def generate(
    size: str,
    number: int,
    day: date,
    file: BinaryIO,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, int]:
    """Write the archive; return how many records of each type it has.

    Everything happens before `day`, in UTC. `progress` is told how many messages, out of how many.
    Messages stand after all conversations: they wait in a temporary file, not in memory.
    """
    end = int(datetime.combine(day, time(), UTC).timestamp()) * 1000
    world = SIZES[size](number, end)
    writer = Writer(file)
    people = sorted(world.people, key=lambda person: person.id)
    for person in people:
        writer.write("user", line(_user(person)))
    for person in people:
        writer.write("profile", line(_profile(person)))
    total = sum(conversation.messages for conversation in world.conversations)
    done = 0
    with tempfile.TemporaryFile() as waiting:
        for conversation in sorted(world.conversations, key=lambda one: one.id):
            told = timeline(conversation, end, number)
            writer.write("conversation", line(told.conversation))
            for member in told.members:
                writer.write("member", line(member))
            waiting.writelines(line(message) for message in told.messages)
            done += len(told.messages)
            progress(done, total)
        waiting.seek(0)
        for text in waiting:
            writer.write("message", text)
    return writer.close()


def _user(person: Person) -> dict[str, object]:
    return {
        "type": "user",
        "id": person.id,
        "username": person.username,
        "password_hash": PASSWORD_HASH,
        "created_at": person.created_at,
    }


def _profile(person: Person) -> dict[str, object]:
    return {
        "type": "profile",
        "user_id": person.id,
        "username": person.username,
        "display_name": person.display_name,
        "bio": person.bio,
        "created_at": person.created_at,
        "updated_at": person.created_at,
    }
