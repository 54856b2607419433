"""Reading, searching and editing profiles."""

from collections.abc import Sequence
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import Insert, insert

from chassis.clock import now_ms, rfc3339
from chassis.database import Database, insert_if_new
from chassis.errors import NotFound
from chassis.events import new_event
from chassis.pages import Page, decode_cursor, encode_cursor
from chassis.replica import rereading
from chassis.text import for_search
from chassis.work import Work
from profiles.catalogue import CHANGED
from profiles.models import ProfileRow


class Profile(TypedDict):
    """A profile as the contract writes it."""

    id: str
    username: str
    display_name: str
    bio: str
    created_at: str
    updated_at: str


class Person(TypedDict):
    """What other services keep of a profile."""

    user_id: str
    username: str
    display_name: str
    version: int
    deleted: bool


class ProfileService:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, user_id: str) -> Profile:
        """Return one profile; `NotFound` when there is none."""
        found = self.get_many([user_id])
        if not found:
            raise NotFound("There is no such person.")
        return found[0]

    @rereading
    def get_many(self, user_ids: Sequence[str]) -> list[Profile]:
        """Return the profiles that exist, in the order asked for, each once."""
        with self._database.read(fresh_for=()) as connection:
            rows = connection.execute(
                select(*_COLUMNS).where(ProfileRow.user_id.in_(user_ids))
            ).all()
        found = {row.user_id: _document(row) for row in rows}
        return [found[user_id] for user_id in dict.fromkeys(user_ids) if user_id in found]

    @rereading
    def search(self, words: str, limit: int, cursor: str | None) -> Page[Profile]:
        """Return people of whose name each word is a prefix of a word, ordered by username."""
        statement = select(*_COLUMNS).where(_IS_SOMEBODY)
        statement = statement.order_by(ProfileRow.username).limit(limit + 1)
        for word in for_search(words).split():
            statement = statement.where(
                ProfileRow.search_text.contains(f" {word}", autoescape=True)
            )
        if cursor is not None:
            (after,) = decode_cursor(cursor, [str])
            statement = statement.where(ProfileRow.username > after)
        with self._database.read(fresh_for=()) as connection:
            rows = connection.execute(statement).all()
        more = len(rows) > limit
        return Page(
            items=[_document(row) for row in rows[:limit]],
            next_cursor=encode_cursor((rows[limit - 1].username,)) if more else None,
        )

    def edit(self, user_id: str, display_name: str | None, bio: str | None) -> Profile:
        """Change what is given; None leaves it as it is."""
        with self._database.session() as (session, work):
            # Locked: of two edits at once each has a version of its own.
            profile = session.get(ProfileRow, user_id, with_for_update=True)
            if profile is None:
                raise NotFound("This profile is still being made.")
            if display_name is not None:
                profile.display_name = display_name
                profile.search_text = search_text(profile.username, display_name)
            if bio is not None:
                profile.bio = bio
            profile.updated_at = now_ms()
            profile.version += 1
            _announce(work, profile)
            return _document(profile)

    def people(self, user_ids: Sequence[str]) -> list[Person]:
        """Return those of these people who have a profile, or had one, as it is now."""
        return self._people(ProfileRow.user_id.in_(user_ids), len(user_ids))

    def people_after(self, user_id: str, limit: int) -> list[Person]:
        """Return a page of all of them, in the order of ids."""
        return self._people(ProfileRow.user_id > user_id, limit)

    def _people(self, which: ColumnElement[bool], limit: int) -> list[Person]:
        with self._database.read() as connection:
            asked = select(ProfileRow.__table__).where(which).order_by(ProfileRow.user_id)
            return [person(row) for row in connection.execute(asked.limit(limit))]

    def create(self, user_id: str, username: str, display_name: str) -> None:
        """Add the profile of a new account; again changes nothing."""
        with self._database.write() as work:
            create(work, user_id, username, display_name)

    def erase(self, user_id: str, username: str) -> Person:
        """Leave a profile that is nobody's, under a name that says nothing; again changes nothing.

        Whoever is gone before their profile was made gets one like that, and no other.
        """
        now, nobody = now_ms(), {"display_name": "Deleted account", "bio": "", "search_text": ""}
        row = {"user_id": user_id, "username": username, "updated_at": now, **nobody}
        changed = (
            insert(ProfileRow)
            .values(**row, created_at=now)
            .on_conflict_do_update(
                index_elements=["user_id"],
                set_={**row, "version": ProfileRow.version + 1},
                where=ProfileRow.username != username,
            )
        )
        with self._database.write() as work:
            _store(work, changed)
            asked = select(ProfileRow.__table__).where(ProfileRow.user_id == user_id)
            return person(work.connection.execute(asked).one())


_COLUMNS = (
    ProfileRow.user_id,
    ProfileRow.username,
    ProfileRow.display_name,
    ProfileRow.bio,
    ProfileRow.created_at,
    ProfileRow.updated_at,
)


_IS_SOMEBODY = ProfileRow.search_text != ""


def create(work: Work, user_id: str, username: str, display_name: str) -> None:
    """Add the profile of a new account, and tell of it; again changes nothing."""
    now = now_ms()
    row = {
        "user_id": user_id,
        "username": username,
        "display_name": display_name,
        "bio": "",
        "search_text": search_text(username, display_name),
        "created_at": now,
        "updated_at": now,
    }
    _store(work, insert_if_new(ProfileRow, "user_id").values(row))


def search_text(username: str, display_name: str) -> str:
    """Return what `search` looks through."""
    return " " + " ".join(for_search(f"{username} {display_name}").split())


def _store(work: Work, statement: Insert) -> None:
    """Insert or change a profile, and tell of it if that had an effect."""
    for row in work.connection.execute(statement.returning(*ProfileRow.__table__.c)):
        _announce(work, row)


def _announce(work: Work, profile: Any) -> None:
    work.announce(new_event(CHANGED, dict(person(profile)), version=2))


def person(row: Any) -> Person:
    """Return what others keep of a profile."""
    return Person(
        user_id=row.user_id,
        username=row.username,
        display_name=row.display_name,
        version=row.version,
        deleted=row.search_text == "",
    )


def _document(row: Any) -> Profile:
    return Profile(
        id=row.user_id,
        username=row.username,
        display_name=row.display_name,
        bio=row.bio,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
    )
