"""What makes somebody whole (account, profile, being known) is killed again and again meanwhile."""

import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field

from drill.client import PASSWORD, Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage

SERVICES = ("auth", "profiles", "auth-relay", "profile-maker", "profiles-relay", "people")
ROUNDS = 3
PAUSE = 2.0
"""Seconds between two kills."""
EACH = 0.05
"""Seconds between two registrations."""
WITHIN = 30.0
"""Seconds after the last kill in which everybody must be whole: killed often, a process is started
again after a quarter of a minute."""
LEAST = 100


@dataclass
class Registrations:
    """Everybody who has tried to register, whatever they were told."""

    url: str
    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    late: int = 0
    """How many of these had no profile at once."""

    def one(self) -> None:
        """Let somebody register, and look at their own profile."""
        person = Person(self.url, f"saga-{secrets.token_hex(5)}")
        body = {"username": person.name, "password": PASSWORD, "display_name": "Saga"}
        self.tried.append(person.name)
        try:
            tokens = person.call("POST", "/auth/register", body)
        except (Refused, Unreachable):
            return  # it may have come about all the same
        finally:
            person.close()
        self.acknowledged.append(person.name)
        person.id, person.token = tokens["user_id"], tokens["access_token"]
        try:
            person.call("GET", "/profiles/me")
        except (Refused, Unreachable):
            self.late += 1
        finally:
            person.close()


def run(stage: Stage) -> None:
    """Kill each in turn while people register; then ask whether they are whole."""
    (friend,) = stage.people(1)
    people = Registrations(stage.url)
    with stage.meanwhile(people.one, EACH):
        for _ in range(ROUNDS):
            for service in SERVICES:
                stage.kill(service)
                stage.wait(PAUSE)
    stage.until_ready()
    stage.number("kills", ROUNDS * len(SERVICES), "")
    stage.observe("registrations tried", len(people.tried), LEAST)
    stage.number("registrations acknowledged", len(people.acknowledged), "")
    stage.number("of these without a profile at once", people.late, "")
    began = time.monotonic()
    accounts, halves = _look(stage, friend, people.tried)
    while halves and time.monotonic() - began < WITHIN:
        stage.wait(0.5)
        _, halves = _look(stage, friend, halves)
    stage.number("seconds until all were found whole", time.monotonic() - began, "s")
    lost = set(people.acknowledged) - set(accounts)
    stage.claim("who was told so has an account", holds=not lost, of=len(people.acknowledged))
    stage.claim("who has an account is whole", holds=not halves, of=len(accounts))
    stage.wait(2)
    printed = stage.ask("chat", "python", "-m", "chat.cli", "people", "check")
    found = json.loads(printed.splitlines()[-1])
    drift = sum(number for name, number in found.items() if name != "people")
    stage.claim("and is known as the profile says", holds=drift == 0, of=found["people"])


def _look(stage: Stage, friend: Person, names: list[str]) -> tuple[list[str], list[str]]:
    """Return which of these have an account, and which of those are not whole."""
    accounts, halves = [], []
    for name in names:
        person = None
        with suppress(Refused):
            person = Person.log_in(stage.url, name, PASSWORD)
        if person is None:
            continue
        accounts.append(name)
        try:
            own = person.call("GET", "/profiles/me")
            friend.call("POST", "/conversations", {"kind": "direct", "member_ids": [person.id]})
            is_whole = (own["username"], own["display_name"]) == (name, "Saga")
        except (Refused, Unreachable):
            is_whole = False
        finally:
            person.close()
        if not is_whole:
            halves.append(name)
    return accounts, halves


DRILL = Drill(
    name="saga-killed",
    question="While people register, auth, profiles and all that runs between them are killed "
    "(SIGKILL) in turns. Does everybody who has an account become whole?",
    run=run,
    sends=0,  # it asks about people, and says nothing of messages
    limits="bench",
    alone=True,
)
