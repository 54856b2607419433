"""Several measurements of one thing: the middle, and how far they lie apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self


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

    def is_apart_from(self, other: "Spread") -> bool:
        """Tell whether no round of one lies among the rounds of the other."""
        return self.low > other.high or self.high < other.low


def compare(now: Spread, before: Spread) -> str:
    """Say how much more `now` is than `before`, or that the rounds do not tell them apart."""
    if not now.is_apart_from(before) or not before.middle:
        return "no difference"
    return f"x {now.middle / before.middle:.2f}"


def written(spread: Spread | None, digits: int = 2) -> str:
    """Write `0.71 (0.69-0.75)`; a dash where nothing was measured."""
    if spread is None:
        return "-"
    middle, low, high = (f"{one:.{digits}f}" for one in (spread.middle, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}-{high})"
