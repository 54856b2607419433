"""The read model: what events tell of people, and what is asked where it is in doubt."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Database
from chassis.messaging.cloudevents import CloudEvent
from chassis.replica import rereading
from chassis.work import Work
from chat.people.models import PersonRow
from chat.profiles import Person, Profiles

_NEWER = ("username", "display_name", "version", "deleted")


class PeopleService:
    """Who exists, for those who want to talk with them."""

    def __init__(self, database: Database, profiles: Profiles) -> None:
        self._database = database
        self._profiles = profiles

    def missing(self, user_ids: Collection[str]) -> set[str]:
        """Return those ids that are nobody's, or nobody's any more.

        Who is not known here may be new: the profile service is asked, and its answer kept.
        """
        gone = self._gone(user_ids)
        unknown = sorted(set(user_ids) - set(gone))
        if unknown:
            found = self._profiles.people(unknown)
            with self._database.write() as work:
                keep(work.connection, found)
            gone |= {one["user_id"]: one["deleted"] for one in found}
        return {user_id for user_id in user_ids if gone.get(user_id, True)}

    @rereading
    def _gone(self, user_ids: Collection[str]) -> dict[str, bool]:
        """Return id → whether they are nobody any more, of those who are known."""
        asked = select(PersonRow.user_id, PersonRow.deleted).where(PersonRow.user_id.in_(user_ids))
        with self._database.read(fresh_for=()) as connection:
            return {row.user_id: row.deleted for row in connection.execute(asked)}

    def hear(self, work: Work, event: CloudEvent) -> None:
        """Keep what an event tells of somebody, unless something newer is known."""
        said = event["data"]
        if "username" not in said:  # from before a change told how it is now
            keep(work.connection, self._profiles.people([said["user_id"]]))
            return
        person = Person(
            user_id=said["user_id"],
            username=said["username"],
            display_name=said.get("display_name", said["username"]),
            version=said.get(
                "version", 0
            ),  # none has who registered: the profile may be on its way
            deleted=said.get("deleted", False),
        )
        keep(work.connection, [person])


def keep(connection: Connection, people: Sequence[Person]) -> int:
    """Store what is newer than what is known; return of how many people it was."""
    if not people:
        return 0
    new = insert(PersonRow).values([dict(one) for one in people])
    newer = new.on_conflict_do_update(
        index_elements=["user_id"],
        set_={name: new.excluded[name] for name in _NEWER},
        where=PersonRow.version < new.excluded.version,
    )
    return len(connection.scalars(newer.returning(PersonRow.user_id)).all())


def ids_of(connection: Connection, usernames: Collection[str]) -> dict[str, str]:
    """Return username → id of those people who exist."""
    asked = select(PersonRow.username, PersonRow.user_id).order_by(PersonRow.user_id)
    rows = connection.execute(asked.where(PersonRow.username.in_(usernames), ~PersonRow.deleted))
    # A name can be given anew before it is known here that its owner is gone: the newer has it.
    return {row.username: row.user_id for row in rows}


def display_names(connection: Connection, user_ids: Iterable[str]) -> dict[str, str]:
    """Return id → display name of those people who are known."""
    asked = select(PersonRow.user_id, PersonRow.display_name)
    rows = connection.execute(asked.where(PersonRow.user_id.in_(user_ids)))
    return {row.user_id: row.display_name for row in rows}
