"""Several measurements of one thing: the middle, and how far they lie apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self

ENOUGH = 5
"""Rounds; that all of so many agree by chance happens once in sixteen times."""


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the least and the most."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self | None:
        """Return the spread, None of nothing."""
        found = list(values)
        return cls(median(found), min(found), max(found)) if found else None


def difference(ratio: Spread, rounds: int) -> str:
    """Write by how much one thing is more than another, given the spread of the rounds' ratios.

    What ran side by side shares the machine's good and bad minutes, so it is compared round by
    round; where some rounds say more and others less, there is no difference. That few rounds
    agree can be chance, which is said.
    """
    if ratio.low <= 1 <= ratio.high:
        return "no difference"
    few = f" in {rounds} rounds, too few" if rounds < ENOUGH else ""
    return f"x {written(ratio)}{few}"


def written(spread: Spread | None, digits: int = 2) -> str:
    """Write `0.71 (0.69-0.75)`; a dash where nothing was measured."""
    if spread is None:
        return "-"
    middle, low, high = (f"{one:.{digits}f}" for one in (spread.middle, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}-{high})"
