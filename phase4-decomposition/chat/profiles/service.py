"""Reading, searching and editing profiles."""

from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, select, update

from chassis.clock import now_ms, rfc3339
from chassis.database import Database, insert_if_new
from chassis.errors import NotFound
from chassis.events import new_event
from chassis.pages import Page, decode_cursor, encode_cursor
from chassis.replica import rereading
from chassis.text import for_search
from chat.profiles.models import ProfileRow


class Profile(TypedDict):
    """A profile as the contract writes it."""

    id: str
    username: str
    display_name: str
    bio: str
    created_at: str
    updated_at: str


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
            profile = session.get_one(ProfileRow, user_id)
            if display_name is not None:
                profile.display_name = display_name
                profile.search_text = search_text(profile.username, display_name)
            if bio is not None:
                profile.bio = bio
            profile.updated_at = now_ms()
            work.announce(new_event("profile.changed", {"user_id": user_id}))
            return _document(profile)

    @rereading
    def missing(self, user_ids: Collection[str]) -> set[str]:
        """Return those ids that are nobody's, or nobody's any more."""
        with self._database.read(fresh_for=()) as connection:
            known = connection.scalars(
                select(ProfileRow.user_id).where(ProfileRow.user_id.in_(user_ids), _IS_SOMEBODY)
            ).all()
        return set(user_ids) - set(known)


_COLUMNS = (
    ProfileRow.user_id,
    ProfileRow.username,
    ProfileRow.display_name,
    ProfileRow.bio,
    ProfileRow.created_at,
    ProfileRow.updated_at,
)


_IS_SOMEBODY = ProfileRow.search_text != ""


def create(connection: Connection, user_id: str, username: str, display_name: str) -> None:
    """Add the profile of a new account, in the caller's transaction; again changes nothing."""
    now = now_ms()
    connection.execute(
        insert_if_new(ProfileRow, "user_id").values(
            user_id=user_id,
            username=username,
            display_name=display_name,
            bio="",
            search_text=search_text(username, display_name),
            created_at=now,
            updated_at=now,
        )
    )


def anonymise(connection: Connection, user_id: str, username: str) -> None:
    """Leave a profile that is nobody's, under a name that says nothing."""
    nobody = {"display_name": "Deleted account", "bio": "", "search_text": ""}
    connection.execute(
        update(ProfileRow)
        .where(ProfileRow.user_id == user_id)
        .values(username=username, updated_at=now_ms(), **nobody)
    )


def search_text(username: str, display_name: str) -> str:
    """Return what `search` looks through."""
    return " " + " ".join(for_search(f"{username} {display_name}").split())


def ids_of(connection: Connection, usernames: Collection[str]) -> dict[str, str]:
    """Return username → id of those people who exist."""
    asked = select(ProfileRow.username, ProfileRow.user_id)
    rows = connection.execute(asked.where(ProfileRow.username.in_(usernames)))
    return {row.username: row.user_id for row in rows}


def display_names(connection: Connection, user_ids: Collection[str]) -> dict[str, str]:
    """Return id → display name of those people who exist."""
    asked = select(ProfileRow.user_id, ProfileRow.display_name)
    rows = connection.execute(asked.where(ProfileRow.user_id.in_(user_ids)))
    return {row.user_id: row.display_name for row in rows}


def _document(row: Any) -> Profile:
    return Profile(
        id=row.user_id,
        username=row.username,
        display_name=row.display_name,
        bio=row.bio,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
    )
