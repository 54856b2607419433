"""What a bench runs: parts, their rates, and in which order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from load.arrivals import Stage
from load.job import Bound

BOUND = Bound(p99_ms=500, errors=0.01)
"""Where saturation ends."""


@dataclass(frozen=True)
class Part:
    """One kind of load. Rates are requests per second, times are seconds.

    `with_floor` parts are also run against the floor. A part takes part in the first so many
    rounds, pinned and free. With `growth` the rate is raised by that factor from stage to stage
    until BOUND is not kept.
    """

    name: str
    user: str
    rate: float
    seconds: float
    warm_up: float
    users: int = 32
    listeners: int = 0
    with_floor: bool = False
    pinned_rounds: int = 99
    free_rounds: int = 99
    growth: float | None = None
    most_stages: int = 16

    def is_due(self, number: int, *, pinned: bool) -> bool:
        """Tell whether it is run in a round; rounds count from 1."""
        return number <= (self.pinned_rounds if pinned else self.free_rounds)

    def stages(self) -> list[Stage]:
        """Return the stages, the warm-up first."""
        warm_up = Stage(self.rate, self.warm_up, measured=False)
        if self.growth is None:
            return [warm_up, Stage(self.rate, self.seconds)]
        rates = [self.rate * self.growth**number for number in range(self.most_stages)]
        return [warm_up, *(Stage(round(rate), self.seconds) for rate in rates)]


@dataclass(frozen=True)
class Plan:
    """A whole bench: its parts, once per round; `people` are logged in."""

    rounds: int
    people: int
    parts: Sequence[Part]


def _operations(part: Part) -> list[Part]:
    users = {"send": "Sender", "list": "Lister", "history": "Reader"}
    return [replace(part, name=name, user=user) for name, user in users.items()]


FULL = Plan(
    rounds=5,
    people=200,
    parts=[
        *_operations(Part("", "", rate=150, seconds=6, warm_up=1, with_floor=True)),
        Part("day", "Day", rate=120, seconds=12, warm_up=2, users=64),
        Part("delivery", "CircleSender", rate=100, seconds=12, warm_up=2, listeners=200),
        Part("saturation", "Day", rate=100, seconds=4, warm_up=2, users=128, growth=1.2),
    ],
)
_ROUGH = Part("", "", rate=150, seconds=2, warm_up=0.5, pinned_rounds=0)
QUICK = Plan(
    rounds=2,
    people=60,
    parts=[
        *_operations(replace(_ROUGH, pinned_rounds=2, free_rounds=1, with_floor=True)),
        replace(_ROUGH, name="day", user="Day", rate=120, seconds=3),
        replace(_ROUGH, name="delivery", user="CircleSender", rate=50, seconds=3, listeners=60),
        replace(_ROUGH, name="saturation", user="Day", free_rounds=1, growth=1.6, most_stages=5),
    ],
)


@dataclass(frozen=True)
class Turn:
    """One part against one subject (its place in a list), pinned to one core or not."""

    part: Part
    subject: int
    pinned: bool


def turns(
    plan: Plan, floors: Sequence[bool], pinning: Sequence[bool], seed: int
) -> list[list[Turn]]:
    """Return the turns of each round: all of them, in an order of its own.

    `floors` says of each subject whether it is a floor. What is compared stands close together:
    the subjects of one part, pinned alike, follow each other in shuffled order.
    """
    dice = random.Random(seed)  # noqa: S311 - no secret
    rounds = []
    for number in range(1, plan.rounds + 1):
        blocks = [
            (part, pinned)
            for part in plan.parts
            for pinned in pinning
            if part.is_due(number, pinned=pinned)
        ]
        dice.shuffle(blocks)
        order: list[Turn] = []
        for part, pinned in blocks:
            wanted = [n for n, floor in enumerate(floors) if part.with_floor or not floor]
            dice.shuffle(wanted)
            order += [Turn(part, number, pinned) for number in wanted]
        rounds.append(order)
    return rounds
