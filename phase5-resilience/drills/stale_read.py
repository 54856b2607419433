"""Profiles read and edited at once: by the system, and through a naive cache in front of it."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from drill.client import Person
from drill.definition import Drill
from drill.stage import Stage

PEOPLE, READERS, ROUNDS = 12, 8, 5
LEAST = PEOPLE * ROUNDS // 2
SLOW = 0.05
"""Seconds by which the readers' network is slow, each way."""
RACE = 1.0
"""Seconds for which people read and edit in each round."""
BOUND = 2.0
"""Seconds after which everybody must see an edit (the contract)."""

Read = Callable[[Person, str], str]
Edit = Callable[[Person, str], None]


class NaiveCache:
    """What is often written: look, else read and store; whoever edits deletes afterwards."""

    def __init__(self) -> None:
        self._stored: dict[str, str] = {}

    def read(self, reader: Person, user_id: str) -> str:
        """Return a display name."""
        found = self._stored.get(user_id)
        if found is None:
            found = read(reader, user_id)
            self._stored[user_id] = found
        return found

    def edit(self, person: Person, name: str) -> None:
        """Change one's display name."""
        edit(person, name)
        self._stored.pop(person.id, None)


def read(reader: Person, user_id: str) -> str:
    """Return a display name, as the system has it."""
    return str(reader.call("GET", f"/profiles/{user_id}")["display_name"])


def edit(person: Person, name: str) -> None:
    """Change one's display name."""
    person.call("PATCH", "/profiles/me", {"display_name": name})


def run(stage: Stage) -> None:
    """Let people race, wait as long as the contract allows, and read what everybody is called."""
    people = stage.people(PEOPLE)
    naive = NaiveCache()
    with stage.proxy() as proxy:
        proxy.delay = SLOW
        readers = [people[0].elsewhere(proxy.url) for _ in range(READERS)]

        def rounds(words: str, reading: Read, editing: Edit) -> tuple[int, int]:
            stage.timeline.mark(f"{words}: {ROUNDS} rounds")
            done = [_round(people, readers, reading, editing) for _ in range(ROUNDS)]
            compared, stale = (sum(numbers) for numbers in zip(*done, strict=True))
            stage.observe(f"{words}: names read after the bound", compared, LEAST)
            stage.number(f"{words}: names that were old", stale, "")
            return compared, stale

        names, stale = rounds("a naive cache in front", naive.read, naive.edit)
        was_real = "the naive cache showed old names: the race was real"
        stage.claim(was_real, holds=stale > 0, of=names)
        names, stale = rounds("the system", read, edit)
        stage.claim("the system showed none", holds=stale == 0, of=names)


def _round(
    people: list[Person], readers: list[Person], reading: Read, editing: Edit
) -> tuple[int, int]:
    """Return of how many edited names, and how many are old `BOUND` seconds after the last edit."""
    names: dict[str, str] = {}
    end = time.monotonic() + RACE

    def edit_often(person: Person) -> None:
        while time.monotonic() < end:
            names[person.id] = secrets.token_hex(4)
            editing(person, names[person.id])
            time.sleep(SLOW)

    def read_often(reader: Person) -> None:
        while time.monotonic() < end:
            for person in people:
                reading(reader, person.id)

    with ThreadPoolExecutor(PEOPLE + READERS) as pool:
        done = [pool.submit(edit_often, person) for person in people]
        done += [pool.submit(read_often, reader) for reader in readers]
        for one in done:
            one.result()
    time.sleep(BOUND)
    old = sum(reading(readers[0], user_id) != name for user_id, name in names.items())
    return len(names), old


DRILL = Drill(
    name="stale-read",
    question="Profiles are read and edited at once. Two seconds after the last edit, does anybody "
    "see an old name: from the system, and from a naive cache in front of it?",
    run=run,
    sends=0,  # it asks about profiles, and says nothing of messages
)
