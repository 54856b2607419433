"""Requests are due when they are due, whatever the system does."""

import time
from itertools import pairwise
from math import inf

import gevent
import pytest

from load.arrivals import Arrivals, Stage


def _all(arrivals: Arrivals) -> list[float]:
    """Take every due time of the open stage."""
    taken: list[float] = []

    def take() -> None:
        while True:
            taken.append(arrivals.take())

    taker = gevent.spawn(take)
    gevent.sleep(0.01)
    taker.kill()
    return taken


def _gaps(seed: int) -> list[float]:
    arrivals = Arrivals(seed)
    arrivals.begin(Stage(rate=1000, seconds=2))
    return [later - earlier for earlier, later in pairwise(_all(arrivals))]


def test_they_come_at_the_rate_asked_for() -> None:
    arrivals = Arrivals(1)
    arrivals.begin(Stage(rate=1000, seconds=2))
    assert len(_all(arrivals)) == pytest.approx(2000, rel=0.1)


def test_the_same_seed_gives_every_system_the_same_moments() -> None:
    assert _gaps(1) == pytest.approx(_gaps(1), abs=1e-6)
    assert _gaps(1)[:10] != pytest.approx(_gaps(2)[:10], abs=1e-6)


def test_nobody_gets_one_before_a_stage_or_after_it() -> None:
    arrivals = Arrivals(1)
    assert _all(arrivals) == []
    arrivals.begin(Stage(rate=100, seconds=0.1))
    assert _all(arrivals)
    assert _all(arrivals) == []


def test_what_nobody_was_free_to_take_is_counted() -> None:
    arrivals = Arrivals(1)
    arrivals.begin(Stage(rate=1000, seconds=0.2))
    time.sleep(0.25)
    taken = 50
    for _ in range(taken):
        arrivals.take()
    assert arrivals.close() + taken == pytest.approx(200, rel=0.3)


def test_an_infinite_rate_is_due_at_once_until_the_end() -> None:
    arrivals = Arrivals(1)
    arrivals.begin(Stage(rate=inf, seconds=0.1))
    assert arrivals.take() <= time.perf_counter()
    time.sleep(0.11)
    assert _all(arrivals) == []
    assert arrivals.close() == 0
