"""The trail of moderation in an archive."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, cast

from pydantic import StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from chassis.archive import STRICT, Ascending, Moment, OneLine, Reader, Uuid, parse
from chassis.rows import columns, count_rows, in_batches, insert_rows, stream
from chat.moderation.limits import REASON_MAX
from chat.moderation.models import ActionRow


@with_config(STRICT)
class ActionRecord(TypedDict):
    """What a moderator did."""

    type: Literal["moderation"]
    id: Uuid
    actor_id: Uuid
    action: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
    user_id: Uuid
    message_id: Uuid | None
    reason: Annotated[OneLine, StringConstraints(max_length=REASON_MAX)]
    created_at: Moment


_ACTION = TypeAdapter(ActionRecord)


class Actions:
    """The section of the trail, in the order of ids."""

    types: Sequence[str] = ("moderation",)

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many actions there are; nothing where nobody has moderated."""
        count = count_rows(connection, ActionRow)
        return {"moderation": count} if count else {}

    def write(self, connection: Connection) -> Iterator[ActionRecord]:
        """Yield every action."""
        for row in stream(connection, select(*ActionRow.__table__.c).order_by(ActionRow.id)):
            yield cast(ActionRecord, {"type": "moderation", **row._mapping})  # noqa: SLF001

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store actions."""
        order = Ascending()
        for lines in in_batches(reader.take("moderation")):
            rows = []
            for line in lines:
                action = parse(_ACTION, line)
                order.check(line.number, action["id"])
                rows.append((line.number, columns(action)))
            insert_rows(connection, ActionRow, rows)
