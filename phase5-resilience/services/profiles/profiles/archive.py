"""Profiles in an archive: one for each account, in the same order. `lab` compares the two."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import (
    STRICT,
    Ascending,
    Lines,
    Moment,
    OneLine,
    Reader,
    Section,
    Uuid,
    parse,
)
from chassis.limits import BIO_MAX, DISPLAY_NAME_MAX, USERNAME_PATTERN
from chassis.rows import columns, count_rows, in_batches, insert_rows, stream
from profiles.models import ProfileRow
from profiles.service import search_text


@with_config(STRICT)
class ProfileRecord(TypedDict):
    """What a person shows of themselves."""

    type: Literal["profile"]
    user_id: Uuid
    username: Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
    display_name: Annotated[OneLine, StringConstraints(max_length=DISPLAY_NAME_MAX)]
    bio: Annotated[Lines, StringConstraints(max_length=BIO_MAX)]
    created_at: Moment
    updated_at: Moment


_PROFILE = TypeAdapter(ProfileRecord)


class Profiles:
    """The section of profiles."""

    types: Sequence[str] = ("profile",)

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
        order = Ascending()
        for lines in in_batches(reader.take("profile")):
            rows = []
            for line in lines:
                profile = parse(_PROFILE, line)
                order.check(line.number, profile["user_id"])
                searched = search_text(profile["username"], profile["display_name"])
                rows.append(
                    (line.number, {**columns(profile), "search_text": searched, "version": 1})
                )
            insert_rows(connection, ProfileRow, rows)


def sections(_connection: Connection) -> Sequence[Section]:
    """Return the part of an archive that is the profile service's."""
    return (Profiles(),)
