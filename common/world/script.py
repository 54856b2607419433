"""Thinks up what is said in a conversation, scene by scene, and who comes and goes in between.

A scene is what is said in one go: a dialogue, or a notice. When it is said is not decided here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from world.dice import Dice
from world.people import Person
from world.plan import Conversation
from world.talk import SPEAKERS, Dialogue, language

FOUNDERS = 0.8
"""The share of a group's people who are there from the beginning."""
SMALL = 40
"""In a group with fewer messages nothing changes."""
AWAY = 0.02
"""The share of messages, at the end, that whoever began the group may miss."""


@dataclass
class Entry:
    """A message: a text or a notice. `reply` says that it answers the one before."""

    sender: Person
    body: str | None = None
    notice: dict[str, Any] | None = None
    reply: bool = False
    deleted: bool = False
    reactions: tuple[tuple[str, int], ...] = ()


Scene = list[Entry]


class Script:
    """The scenes of one conversation. Afterwards `present` and `roles` say who is in it.

    `away` is a member who has not read the end.
    """

    def __init__(self, conversation: Conversation, dice: Dice) -> None:
        self._conversation = conversation
        self._dice = dice
        self._language = language(conversation.language)
        self._name = conversation.name
        self.away: Person | None = None
        self._deck: list[Dialogue] = []
        people = list(conversation.members)
        founders = len(people)
        if conversation.kind == "group" and conversation.messages >= SMALL:
            founders = max(2, int(founders * FOUNDERS))
        self.present = people[:founders]
        self._coming = people[founders:]
        self.roles = {person.id: "member" for person in people}
        if conversation.kind == "group":
            self.roles[people[0].id] = "owner"

    def scenes(self) -> Iterator[Scene]:
        """Yield scenes until there are as many messages as the conversation should have."""
        said, wanted = 0, self._conversation.messages
        agenda = self._agenda()
        leaving = wanted - max(4, int(wanted * AWAY))
        goes_away = len(self.present) > 4 and self._dice.chance(0.6)
        while said < wanted:
            if goes_away and said >= leaving:
                self.away = self._conversation.members[0]
            scene = agenda.pop(0)[1]() if agenda and agenda[0][0] <= said else self._dialogue()
            yield scene[: wanted - said]
            said += len(scene)

    def _agenda(self) -> list[tuple[int, Callable[[], Scene]]]:
        """Return what is to happen once so many messages have been said."""
        if self._conversation.kind == "direct":
            return []
        agenda: list[tuple[int, Callable[[], Scene]]] = [(0, self._found)]
        messages, coming = self._conversation.messages, len(self._coming)
        if messages < SMALL:
            return agenda
        if self._dice.chance(0.4):
            self._name = "New group"
            agenda.append((messages // 20, self._rename))
        agenda.append((messages // 8, self._promote))
        agenda += [(messages * at // (coming + 1), self._welcome) for at in range(1, coming + 1)]
        if len(self.present) > 6:
            agenda.append((messages * 7 // 10, self._leave))
        return sorted(agenda, key=lambda item: item[0])

    def _dialogue(self) -> Scene:
        dice = self._dice
        dialogue = self._next_dialogue()
        cast = dice.some([one for one in self.present if one != self.away], dialogue.speakers)
        names = [one.first_name for one in cast]
        names += [dice.pick(self._conversation.members).first_name for _ in SPEAKERS[len(names) :]]
        texts = self._language.say(dialogue, names, dice)
        return [
            Entry(
                sender=cast[turn.speaker],
                body=text,
                reply=turn.replies,
                deleted=turn.deleted,
                reactions=tuple(turn.reactions),
            )
            for turn, text in zip(dialogue.turns, texts, strict=True)
        ]

    def _next_dialogue(self) -> Dialogue:
        """Draw from a deck, so that nothing comes again before all else was said."""
        if not self._deck:
            # One less: somebody may be away.
            speakers = max(2, len(self.present) - 1)
            dialogues = self._language.about(self._conversation.topics, speakers)
            self._deck = self._dice.some(dialogues, len(dialogues))
        return self._deck.pop()

    def _found(self) -> Scene:
        others = [person.id for person in self.present[1:]]
        return self._notice(self.present[0], "created", others, name=self._name)

    def _rename(self) -> Scene:
        return self._notice(self.present[0], "renamed", [], name=self._conversation.name)

    def _promote(self) -> Scene:
        admin = self.present[1].id
        self.roles[admin] = "admin"
        return self._notice(self.present[0], "role_changed", [admin], role="admin")

    def _welcome(self) -> Scene:
        newcomer = self._coming.pop(0)
        self.present.append(newcomer)
        return self._notice(self.present[0], "members_added", [newcomer.id])

    def _leave(self) -> Scene:
        leaver = self.present.pop(2)
        return self._notice(leaver, "member_left", [leaver.id])

    def _notice(
        self,
        actor: Person,
        action: str,
        user_ids: list[str],
        name: str | None = None,
        role: str | None = None,
    ) -> Scene:
        notice = {"action": action, "user_ids": user_ids, "name": name, "role": role}
        return [Entry(sender=actor, notice=notice)]
