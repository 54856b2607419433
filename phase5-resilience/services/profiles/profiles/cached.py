"""Profiles, kept in the cache: read a hundred times for each time that one is edited."""

from collections.abc import Mapping, Sequence

from chassis.cache.aside import CacheAside
from chassis.cache.link import Link
from chassis.database import Database
from profiles.service import Person, Profile, ProfileService

TTL = 600
"""Seconds."""


def kept_profiles(link: Link) -> CacheAside[Profile]:
    """Return those that are in the cache."""
    return CacheAside(link, "profile", TTL)


class CachedProfiles(ProfileService):
    """Profiles come from the cache; whatever else there is to do, phase 0 does."""

    def __init__(self, database: Database, link: Link) -> None:
        super().__init__(database)
        self._kept = kept_profiles(link)

    def get_many(self, user_ids: Sequence[str]) -> list[Profile]:
        """Return the profiles that exist, in the order asked for, each once."""
        wanted = list(dict.fromkeys(user_ids))
        found = self._kept.read(wanted, self._load)
        return [found[user_id] for user_id in wanted if user_id in found]

    def edit(self, user_id: str, display_name: str | None, bio: str | None) -> Profile:
        """Change what is given; None leaves it as it is."""
        try:
            return super().edit(user_id, display_name, bio)
        finally:
            # Also after an error: who can tell whether the commit came before it?
            self._kept.forget([user_id])

    def erase(self, user_id: str, username: str) -> Person:
        """Leave a profile that is nobody's; each time it is taken out of the cache, too."""
        try:
            return super().erase(user_id, username)
        finally:
            self._kept.forget([user_id])

    def _load(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        return {profile["id"]: profile for profile in super().get_many(user_ids)}
