"""Preferences in an archive; notifications are derived, and not in it."""

from collections.abc import Iterator, Sequence
from typing import Literal, cast

from pydantic import TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import STRICT, Ascending, Reader, Uuid, parse
from chassis.rows import columns, count_rows, in_batches, insert_rows, stream
from chat.notifications.limits import Address
from chat.notifications.models import PreferencesRow


@with_config(STRICT)
class PreferencesRecord(TypedDict):
    """What somebody wants to be notified of."""

    type: Literal["preferences"]
    user_id: Uuid
    mentions: bool
    direct: bool
    digest: bool
    email: Address


_PREFERENCES = TypeAdapter(PreferencesRecord)


class Wishes:
    """The section of preferences, in the order of people's ids."""

    types: Sequence[str] = ("preferences",)

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many people have said something; nothing where nobody has."""
        count = count_rows(connection, PreferencesRow)
        return {"preferences": count} if count else {}

    def write(self, connection: Connection) -> Iterator[PreferencesRecord]:
        """Yield everybody's."""
        asked = select(*PreferencesRow.__table__.c).order_by(PreferencesRow.user_id)
        for row in stream(connection, asked):
            yield cast(PreferencesRecord, {"type": "preferences", **row._mapping})  # noqa: SLF001

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store them."""
        order = Ascending()
        for lines in in_batches(reader.take("preferences")):
            rows = []
            for line in lines:
                wishes = parse(_PREFERENCES, line)
                order.check(line.number, wishes["user_id"])
                rows.append((line.number, columns(wishes)))
            insert_rows(connection, PreferencesRow, rows)
