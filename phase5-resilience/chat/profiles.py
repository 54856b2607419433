"""Profiles are the profile service's: what the monolith asks it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

from chassis.calls import Calls, Pool, Transport
from chassis.service_tokens import FetchedTokens

DEADLINE, PATIENCE = 1.0, 10.0
"""Seconds for an answer that somebody waits for, and for one that nobody does."""


class Person(TypedDict):
    """What is kept here of a profile; of two, the one with the higher version is true."""

    user_id: str
    username: str
    display_name: str
    version: int
    deleted: bool


def calls_to_profiles(
    url: str,
    auth_url: str,
    secret: Path,
    transport: Transport | None = None,
    timeout: float = PATIENCE,
) -> Calls:
    """Return what asks the profile service, with tokens that auth gives to who knows the secret."""
    tokens = FetchedTokens(Calls("auth", Pool(auth_url)), "chat", secret)
    return Calls("profiles", transport or Pool(url), tokens, timeout)


class Profiles:
    """Errors of each method: `NotReady` if the service does not answer; what it refuses."""

    def __init__(self, profiles: Calls) -> None:
        self._profiles = profiles

    def people(self, user_ids: Sequence[str]) -> list[Person]:
        """Return those of up to a hundred people who have a profile, or had one."""
        return self._people(f"/people?ids={','.join(user_ids)}")

    def everybody(self) -> Iterator[tuple[str, list[Person]]]:
        """Yield pages of everybody, in the order of ids, each with the id that it begins after."""
        after = ""
        while True:
            page = self._people(f"/people/all?after={after}" if after else "/people/all")
            yield after, page
            if not page:
                return
            after = page[-1]["user_id"]

    def export(self, user_id: str) -> list[dict[str, Any]]:
        """Return somebody's profile, nothing while it is still being made."""
        found = self._profiles.call("GET", f"/profiles/{user_id}", scope="profiles:read")
        return list(found["items"])

    def erase(self, user_id: str, username: str) -> Person:
        """Leave a profile that is nobody's, and return what others keep; again changes nothing."""
        path = f"/profiles/{user_id}?username={username}"
        erased: Person = self._profiles.call("DELETE", path, scope="profiles:erase")
        return erased

    def _people(self, path: str) -> list[Person]:
        return list(self._profiles.call("GET", path, scope="people:read")["items"])
