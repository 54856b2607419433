"""Differences that the rounds do not show are not claimed."""

import pytest

from load.recorder import percentile
from load.spread import Spread, difference, written


def test_the_median_stands_between_least_and_most() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([]) is None


def test_rounds_that_disagree_make_no_difference() -> None:
    assert difference(Spread(0.9, 0.7, 1.1), 5) == "no difference"


def test_rounds_that_agree_make_one_if_they_are_enough() -> None:
    assert difference(Spread(2.0, 1.8, 2.2), 5) == "x 2.00 (1.80-2.20)"
    assert difference(Spread(0.5, 0.4, 0.6), 2) == "x 0.50 (0.40-0.60) in 2 rounds, too few"


def test_a_spread_is_written_with_its_ends() -> None:
    assert written(Spread(0.714, 0.69, 0.752)) == "0.71 (0.69-0.75)"
    assert written(Spread(7.0, 7.0, 7.0)) == "7.00"
    assert written(None) == "-"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile(list(range(1, 101)), share) == expected
    assert percentile([7], share) == 7
