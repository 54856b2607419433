"""What is kept of another service: fetched ahead by one, and used on while it is good."""

import threading

import pytest
from waiting import wait_for

from chassis.errors import NotReady
from chassis.resilience.kept import AGAIN, Fetched, Kept

FRESH, GOOD = 60.0, 300.0


class Source:
    """Gives a number more each time, or nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.go_on = threading.Event()
        self.go_on.set()

    def fetch(self) -> Fetched[int]:
        self.asked += 1
        assert self.go_on.wait(10)
        if self.is_away:
            raise NotReady("away")
        return Fetched(self.asked, FRESH, GOOD)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("chassis.resilience.kept.time.monotonic", lambda: now[0])
    return now


def test_it_is_fetched_when_it_is_not_fresh_any_more(now: list[float]) -> None:
    kept = Kept("it", Source().fetch)
    assert [kept.get(), kept.get()] == [1, 1]
    now[0] += FRESH - 1
    assert kept.get() == 1
    now[0] += 1
    assert kept.get() == 2


def test_while_there_is_no_new_one_the_old_one_serves_as_long_as_it_is_good(
    now: list[float],
) -> None:
    source = Source()
    kept = Kept("it", source.fetch)
    kept.get()
    source.is_away = True
    now[0] += FRESH
    assert [kept.get(), kept.get(), kept.get()] == [1, 1, 1]
    assert source.asked == 2, "it is not sought by each who asks"
    now[0] += AGAIN
    kept.get()
    assert source.asked == 3
    now[0] += GOOD - FRESH - AGAIN
    with pytest.raises(NotReady, match="away"):
        kept.get()
    source.is_away = False
    assert kept.get() == 5


def test_who_needs_a_newer_one_is_not_given_the_old_one(now: list[float]) -> None:
    source = Source()
    kept = Kept("it", source.fetch)
    kept.get()
    assert kept.get(newer_than=1) == 1
    now[0] += 2
    assert kept.get(newer_than=1) == 2
    source.is_away = True
    now[0] += 2
    with pytest.raises(NotReady, match="away"):
        kept.get(newer_than=1)
    assert kept.get() == 2


def test_what_was_forgotten_is_not_given_out(now: list[float]) -> None:
    kept = Kept("it", Source().fetch)
    kept.get()
    kept.forget()
    assert kept.get() == 2


def test_while_one_fetches_nobody_else_waits_who_has_something(now: list[float]) -> None:
    source = Source()
    kept = Kept("it", source.fetch)
    kept.get()
    now[0] += FRESH
    source.go_on.clear()
    found: list[int] = []
    fetching = threading.Thread(target=lambda: found.append(kept.get()))
    fetching.start()
    wait_for(lambda: source.asked == 2)
    assert kept.get() == 1
    source.go_on.set()
    fetching.join(10)
    assert found == [2]


def test_who_has_nothing_waits_for_who_fetches_and_not_for_ever(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source()
    kept = Kept("it", source.fetch)
    source.go_on.clear()
    found: list[int] = []
    fetching = [threading.Thread(target=lambda: found.append(kept.get())) for _ in range(3)]
    fetching[0].start()
    wait_for(lambda: source.asked == 1)
    monkeypatch.setattr("chassis.resilience.kept.WAITS", 0.05)
    with pytest.raises(NotReady, match="it is not to be had"):
        kept.get()
    monkeypatch.setattr("chassis.resilience.kept.WAITS", 10)
    for one in fetching[1:]:
        one.start()
    source.go_on.set()
    for one in fetching:
        one.join(10)
    assert (found, source.asked) == ([1, 1, 1], 1)
