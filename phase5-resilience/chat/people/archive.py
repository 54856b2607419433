"""People in an archive: of each profile, which belongs to another service, what is needed here."""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import Reader, Record, Uuid, parse
from chassis.database import as_items, items_of
from chassis.rows import in_batches, insert_rows
from chat.people.models import PersonRow


@with_config(ConfigDict(strict=True, extra="ignore"))
class PersonRecord(TypedDict):
    """A profile, as far as it is kept; whose it is refuses what is wrong with it."""

    type: Literal["profile"]
    user_id: Uuid
    username: str
    display_name: str


_PERSON = TypeAdapter(PersonRecord)
_KNOWN = select(PersonRow.user_id).where(PersonRow.user_id.in_(items_of("user_ids")))


def unknown_people(connection: Connection, user_ids: Collection[str]) -> set[str]:
    """Return those ids that are nobody's."""
    known = connection.scalars(_KNOWN, {"user_ids": as_items(user_ids)})
    return set(user_ids).difference(known)


class People:
    """Reads what it never writes: the section is the profile service's."""

    types: Sequence[str] = ("profile",)

    def counts(self, _connection: Connection) -> dict[str, int]:
        """Return nothing."""
        return {}

    def write(self, _connection: Connection) -> Iterator[Record]:
        """Yield nothing."""
        return iter(())

    def read(self, connection: Connection, reader: Reader) -> None:
        """Keep who exists."""
        for lines in in_batches(reader.take("profile")):
            rows = []
            for line in lines:
                person = parse(_PERSON, line)
                names = {name: person[name] for name in ("user_id", "username", "display_name")}
                rows.append((line.number, {**names, "version": 1, "deleted": False}))
            insert_rows(connection, PersonRow, rows)
