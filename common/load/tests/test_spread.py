"""Differences that the rounds do not show are not claimed."""

import pytest

from load.recorder import percentile
from load.spread import Spread, compare, written


def test_the_median_stands_between_least_and_most() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([]) is None


def test_rounds_that_overlap_make_no_difference() -> None:
    assert compare(Spread(2.0, 1.0, 3.0), Spread(3.5, 2.9, 4.0)) == "no difference"


def test_rounds_apart_make_one() -> None:
    assert compare(Spread(3.0, 2.8, 3.2), Spread(1.5, 1.0, 2.0)) == "x 2.00"


def test_a_spread_is_written_with_its_ends() -> None:
    assert written(Spread(0.714, 0.69, 0.752)) == "0.71 (0.69-0.75)"
    assert written(Spread(7.0, 7.0, 7.0)) == "7.00"
    assert written(None) == "-"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile(list(range(1, 101)), share) == expected
    assert percentile([7], share) == 7
