"""The people of the seeded `bench` world, logged in: what scenarios act with."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
from world.dice import Dice
from world.generate import PASSWORD
from world.people import people

from lab.data import Seed

WORLD = Seed("bench", number=1, day="2026-11-23")
"""The same bytes every time."""
AT_ONCE = 2
"""Logins at the same time; each costs the server a slow hash."""


@dataclass
class Place:
    """A conversation, and how many messages it had."""

    id: str
    last_seq: int


@dataclass
class Person:
    """Somebody who is logged in."""

    id: str
    username: str
    token: str
    places: list[Place] = field(default_factory=list)
    circle: str = ""
    """The conversation of ten for measuring delivery; "" without one."""

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Person":
        """Undo to_json."""
        return cls(**{**value, "places": [Place(**place) for place in value["places"]]})


class NotSeeded(Exception):
    """The system has no such people."""


def usernames(count: int) -> list[str]:
    """Return the names of the `count` people of the bench world who have most going on."""
    return [person.username for person in people(count, 0, Dice(WORLD.size, WORLD.number))]


def enter(url: str, count: int, circles_of: int = 0) -> list[Person]:
    """Log `count` people in and look up their conversations.

    With `circles_of`, they also get groups of that size, each person in one. Raises NotSeeded.
    """
    with (
        httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        found = list(pool.map(lambda name: _log_in(client, name), usernames(count)))
        if circles_of:
            for start in range(0, count, circles_of):
                _make_circle(client, found[start : start + circles_of])
    return found


def limits_of(url: str) -> str:
    """Return which limits a system goes by, in its own words; "none" where it has none."""
    system = httpx.get(f"{url}/api/v1/system", timeout=30).raise_for_status().json()
    return str(system.get("rate_limits", {}).get("set", "none"))


def _log_in(client: httpx.Client, name: str) -> Person:
    answer = client.post("/auth/login", json={"username": name, "password": PASSWORD})
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise NotSeeded(f"there is no {name}; seed the phase: ./lab seed 0 --size bench")
    answer.raise_for_status()
    tokens = answer.json()
    person = Person(tokens["user_id"], name, tokens["access_token"])
    listed = client.get("/conversations", params={"limit": 100}, headers=_as(person))
    listed.raise_for_status()
    person.places = [Place(one["id"], one["last_seq"]) for one in listed.json()["items"]]
    return person


def _make_circle(client: httpx.Client, members: list[Person]) -> None:
    first, *others = members
    body = {"kind": "group", "name": "Circle", "member_ids": [one.id for one in others]}
    answer = client.post("/conversations", json=body, headers=_as(first))
    answer.raise_for_status()
    for person in members:
        person.circle = answer.json()["id"]


def _as(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}
