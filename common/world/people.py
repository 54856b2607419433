"""Who lives in the world: first those of people.txt, then as many as needed from names.txt."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from world.dice import Dice
from world.ids import uuid7

HERE = Path(__file__).parent
DAY = 24 * 3600 * 1000
"""Milliseconds."""
BIOS = ("", "", "", "hi", "🙂", "Here since the beginning", "Out of office, in the garden", "…")


@dataclass(frozen=True)
class Person:
    """Somebody; `offset` is what their clocks are ahead of UTC, in hours."""

    id: str
    username: str
    display_name: str
    bio: str
    languages: tuple[str, ...]
    offset: int
    created_at: int

    @property
    def first_name(self) -> str:
        """Return what friends say."""
        return self.display_name.split()[0]


def people(count: int, end: int, dice: Dice) -> list[Person]:
    """Return so many people; the first is in the middle of everything. `end` is the world's."""
    drafts = list(islice(_drafts(dice), count))
    created = sorted(end - (95 + dice.below(60)) * DAY + dice.below(DAY) for _ in drafts)
    return [
        Person(uuid7(at, dice), username, name, bio, languages, offset, at)
        for at, (username, name, bio, languages, offset) in zip(created, drafts, strict=True)
    ]


def fields(line: str) -> list[str]:
    """Return the fields of a line of a table."""
    return [part.strip() for part in line.split(" |")]


def table(name: str) -> list[list[str]]:
    """Return the rows of a table beside this module."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [fields(line) for line in lines if line and not line.startswith("#")]


Draft = tuple[str, str, str, tuple[str, ...], int]


def _drafts(dice: Dice) -> Iterator[Draft]:
    taken: set[str] = set()
    for username, name, languages, offset, bio in table("people.txt"):
        taken.add(username)
        yield username, name, bio.replace("\\n", "\n"), _codes(languages), int(offset)
    cultures = table("names.txt")
    while True:
        culture, given, family = dice.pick(cultures)
        code, hours = culture.split()
        first, last = dice.pick(given.split()), dice.pick(family.split())
        username = _free(f"{_latin(first)}.{_latin(last)}", taken)
        taken.add(username)
        codes = (code,) if code == "en" else (code, "en")
        yield username, _native(first, last, code), dice.pick(BIOS), codes, int(hours)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _native(first: str, last: str, code: str) -> str:
    given, family = first.partition("=")[0], last.partition("=")[0]
    if code == "ja":
        return f"{family} {given}"
    return f"{family}{given}" if code in {"zh", "ko"} else f"{given} {family}"


def _latin(name: str) -> str:
    text = name.rpartition("=")[2].lower()
    for letter, plain in (("ß", "ss"), ("ø", "o"), ("ł", "l"), ("\u0131", "i")):
        text = text.replace(letter, plain)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _free(wanted: str, taken: Sequence[str] | set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
