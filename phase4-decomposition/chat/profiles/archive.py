"""Profiles in an archive: one for each account, in the same order."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import STRICT, Line, Lines, Moment, OneLine, Reader, Refused, Uuid, parse
from chassis.rows import columns, count_rows, in_batches, insert_rows, stream
from chat.profiles.limits import BIO_MAX, DISPLAY_NAME_MAX
from chat.profiles.models import ProfileRow
from chat.profiles.service import search_text

People = Callable[[], Iterator[tuple[str, str]]]
"""Yields id and username of every account, in the order of ids."""


@with_config(STRICT)
class ProfileRecord(TypedDict):
    """What a person shows of themselves."""

    type: Literal["profile"]
    user_id: Uuid
    username: str
    display_name: Annotated[OneLine, StringConstraints(max_length=DISPLAY_NAME_MAX)]
    bio: Annotated[Lines, StringConstraints(max_length=BIO_MAX)]
    created_at: Moment
    updated_at: Moment


_PROFILE = TypeAdapter(ProfileRecord)


class Profiles:
    """The section of profiles."""

    types: Sequence[str] = ("profile",)

    def __init__(self, people: People) -> None:
        self._people = people

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many profiles there are."""
        return {"profile": count_rows(connection, ProfileRow)}

    def write(self, connection: Connection) -> Iterator[ProfileRecord]:
        """Yield every profile."""
        statement = select(*ProfileRow.__table__.c).order_by(ProfileRow.user_id)
        for row in stream(connection, statement):
            yield ProfileRecord(
                type="profile",
                user_id=row.user_id,
                username=row.username,
                display_name=row.display_name,
                bio=row.bio,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store profiles."""
        expected = self._people()
        for lines in in_batches(reader.take("profile")):
            insert_rows(
                connection, ProfileRow, [_row(line, next(expected, None)) for line in lines]
            )
        missing = next(expected, None)
        if missing is not None:
            raise Refused(reader.position, f"the profile of user {missing[0]} is missing")


def _row(line: Line, expected: tuple[str, str] | None) -> tuple[int, dict[str, object]]:
    profile = parse(_PROFILE, line)
    if expected is None:
        raise Refused(line.number, f"profile.user_id: there is no user {profile['user_id']}")
    user_id, username = expected
    if profile["user_id"] != user_id:
        raise Refused(
            line.number,
            f"profile.user_id: must be {user_id}, the next user's: profiles are in order",
        )
    if profile["username"] != username:
        raise Refused(
            line.number, f"profile.username: must be {username!r}, as in the user's record"
        )
    values = columns(profile)
    values["search_text"] = search_text(username, profile["display_name"])
    return line.number, values
