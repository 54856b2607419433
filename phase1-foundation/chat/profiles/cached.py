"""Profiles, kept in the cache: read a hundred times for each time that one is edited."""

from collections.abc import Mapping, Sequence

from chassis.cache.aside import CacheAside
from chassis.cache.link import Link
from chassis.errors import NotFound
from chat.profiles.service import Profile, ProfileService

TTL = 600
"""Seconds."""


class CachedProfiles:
    """What the routes need of `ProfileService`, for most of the time without the database."""

    def __init__(self, profiles: ProfileService, link: Link) -> None:
        self._profiles = profiles
        self._kept: CacheAside[Profile] = CacheAside(link, "profile", TTL)
        self.search = profiles.search

    def get(self, user_id: str) -> Profile:
        """Return one profile; `NotFound` when there is none."""
        found = self.get_many([user_id])
        if not found:
            raise NotFound("There is no such person.")
        return found[0]

    def get_many(self, user_ids: Sequence[str]) -> list[Profile]:
        """Return the profiles that exist, in the order asked for, each once."""
        wanted = list(dict.fromkeys(user_ids))
        found = self._kept.read(wanted, self._load)
        return [found[user_id] for user_id in wanted if user_id in found]

    def edit(self, user_id: str, display_name: str | None, bio: str | None) -> Profile:
        """Change what is given; None leaves it as it is."""
        try:
            return self._profiles.edit(user_id, display_name, bio)
        finally:
            # Also after an error: who can tell whether the commit came before it?
            self._kept.forget([user_id])

    def _load(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        return {profile["id"]: profile for profile in self._profiles.get_many(user_ids)}
