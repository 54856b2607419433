r"""What people say: small dialogues from talk/*.txt, put together anew each time.

The notation of those files:

    {place} = the park | the library     what may stand for {place}, {place2}… in the whole file
    @plans                               a dialogue about that topic begins
    A: [Are|Were] you at {place}?        A says one of the alternatives
    B> Yes, {A}                          B answers as a reply to what was said before
    + ❤️ 2                               two others react to it
    A: oops !!                           A deletes it later

Within one dialogue {place} stays the same. {A} is the first name of who speaks A's part. `\n` is
a line break.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from world.dice import Dice

TALK = Path(__file__).parent / "talk"
SPEAKERS = "ABCD"

_TURN = re.compile(r"([A-D])([:>]) (.*?)( !!)?")
_SPECIAL = re.compile(r"\{([^{}\s\"']+?)(\d?)\}|\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")


@dataclass(frozen=True)
class Slot:
    """Stands for a word of a list: `key` tells several of the same list apart."""

    name: str
    key: str


@dataclass(frozen=True)
class Choice:
    """Stands for one of several texts."""

    options: tuple["Template", ...]


Template = tuple[str | Slot | Choice, ...]


@dataclass
class Turn:
    """Something that somebody says."""

    speaker: int
    text: Template
    replies: bool
    deleted: bool
    reactions: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Dialogue:
    """Some turns about one topic."""

    topic: str
    turns: list[Turn] = field(default_factory=list)

    @property
    def speakers(self) -> int:
        """Return how many people it takes."""
        return 1 + max(turn.speaker for turn in self.turns)


class Language:
    """All that can be said in one language."""

    def __init__(self, text: str) -> None:
        self._words: dict[str, list[Template]] = {}
        self._dialogues: dict[str, list[Dialogue]] = {}
        for line in text.splitlines():
            self._read(line.strip())

    def about(self, topics: Sequence[str], speakers: int) -> list[Dialogue]:
        """Return the dialogues about these topics, or any, that so many people can have."""
        chosen = [one for topic in topics for one in self._dialogues.get(topic, ())]
        everything = [one for dialogues in self._dialogues.values() for one in dialogues]
        return [one for one in chosen or everything if one.speakers <= speakers]

    def say(self, dialogue: Dialogue, names: Sequence[str], dice: Dice) -> list[str]:
        """Return the texts of the turns; `names` are the speakers'."""
        said = dict(zip(SPEAKERS, names, strict=False))
        return [self._expand(turn.text, said, dice) for turn in dialogue.turns]

    def _expand(self, template: Template, said: dict[str, str], dice: Dice) -> str:
        parts = []
        for part in template:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Choice):
                parts.append(self._expand(dice.pick(part.options), said, dice))
            else:
                if part.key not in said:
                    said[part.key] = self._word(part.name, said, dice)
                parts.append(said[part.key])
        return "".join(parts)

    def _word(self, name: str, said: dict[str, str], dice: Dice) -> str:
        """Return a word that has not been said, if chance will have it."""
        for _ in range(4):
            word = self._expand(dice.pick(self._words[name]), said, dice)
            if word not in said.values():
                break
        return word

    def _read(self, line: str) -> None:
        if line.startswith("{") and " = " in line:
            name, _, words = line.partition(" = ")
            self._words[name.strip("{}")] = [_template(word.strip()) for word in words.split("|")]
        elif line.startswith("@"):
            self._latest = Dialogue(line[1:])
            self._dialogues.setdefault(line[1:], []).append(self._latest)
        elif line.startswith("+ "):
            _, emoji, count = line.split()
            self._latest.turns[-1].reactions.append((emoji, int(count)))
        elif found := _TURN.fullmatch(line):
            speaker, mark, text, deleted = found.groups()
            turn = Turn(SPEAKERS.index(speaker), _template(text), mark == ">", bool(deleted))
            self._latest.turns.append(turn)
        elif line and not line.startswith("#"):
            raise ValueError(f"not in the notation: {line!r}")


@cache
def language(code: str) -> Language:
    """Return a language by its code, such as `en` or `ja`."""
    return Language((TALK / f"{code}.txt").read_text(encoding="utf-8"))


def _template(text: str) -> Template:
    parts: list[str | Slot | Choice] = []
    end = 0
    for found in _SPECIAL.finditer(text):
        parts.append(text[end : found.start()].replace("\\n", "\n"))
        if found[3] is None:
            parts.append(Slot(found[1], found[1] + found[2]))
        else:
            parts.append(Choice(tuple(_template(option) for option in found[3].split("|"))))
        end = found.end()
    parts.append(text[end:].replace("\\n", "\n"))
    return tuple(part for part in parts if part)
