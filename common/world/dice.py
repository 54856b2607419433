"""Chance that comes out the same everywhere."""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """Throws that depend on the seed alone.

    Built on `random()`, the one method of `random.Random` that promises the same sequence in every
    version of Python.
    """

    def __init__(self, *seed: object) -> None:
        self.throw = random.Random(":".join(map(str, seed))).random  # noqa: S311 - not a secret

    def chance(self, probability: float) -> bool:
        """Return True that often."""
        return self.throw() < probability

    def below(self, end: int) -> int:
        """Return a whole number from 0 up to, not including, `end`."""
        return int(self.throw() * end)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of these."""
        return items[int(self.throw() * len(items))]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return up to `count` of these, each once, in the order in which they were drawn."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def bits(self, count: int) -> int:
        """Return a whole number of at most `count` bits."""
        value = 0
        for _ in range(0, count, 32):
            value = value << 32 | int(self.throw() * 2**32)
        return value & ((1 << count) - 1)
