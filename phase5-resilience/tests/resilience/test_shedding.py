"""How many are worked on at once follows from how long they take; who is too many is told so."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from werkzeug.test import Client

from chassis import context
from chassis.errors import Overloaded
from chassis.resilience.shedding import ENOUGH, SHRINKS, WINDOW, Limit, Shedding

MOST, LEAST, PATIENCE = 20, 4, 0.25
QUICK, SLOW = 0.1, 0.5


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limit(clock: Clock) -> Limit:
    return Limit(MOST, PATIENCE, LEAST, clock)


def _window(limit: Limit, clock: Clock, at_once: int, *seconds: float) -> None:
    """Let requests take so long each, so many at once, until a window is over and judged."""
    clock.now += WINDOW
    left = list(seconds) * max(ENOUGH, at_once)
    while left:
        together = [left.pop() for _ in range(min(at_once, len(left)))]
        for _ in together:
            limit.enter()
        for one in together:
            limit.leave(one)


@contextmanager
def _entered(limit: Limit) -> Iterator[None]:
    limit.enter()
    yield
    limit.leave(QUICK)


def test_as_many_as_the_limit_are_let_in_and_the_next_when_one_has_gone(limit: Limit) -> None:
    with ExitStack() as entered:
        for _ in range(MOST):
            entered.enter_context(_entered(limit))
        with pytest.raises(Overloaded) as refused:
            limit.enter()
        assert refused.value.retry_after == 1
    with _entered(limit):
        pass


def test_slow_answers_shrink_it_and_never_below_the_least(limit: Limit, clock: Clock) -> None:
    found = []
    for _ in range(20):
        _window(limit, clock, 2, SLOW)
        found.append(limit.present)
    assert found[0] == int(MOST * SHRINKS)
    assert found == sorted(found, reverse=True)
    assert found[-1] == LEAST


def test_it_grows_again_by_one_while_it_is_used_and_never_beyond_the_most(
    limit: Limit, clock: Clock
) -> None:
    while limit.present > LEAST:
        _window(limit, clock, 2, SLOW)
    _window(limit, clock, 1, QUICK)
    assert limit.present == LEAST, "nobody needed more"
    found = []
    for _ in range(2 * MOST):
        _window(limit, clock, limit.present, QUICK)
        found.append(limit.present)
    assert found[:3] == [LEAST + 1, LEAST + 2, LEAST + 3]
    assert found[-1] == MOST


def test_a_few_slow_ones_among_quick_ones_change_nothing(limit: Limit, clock: Clock) -> None:
    for _ in range(5):
        _window(limit, clock, 2, QUICK, QUICK, SLOW)
    assert limit.present == MOST


def test_too_few_answers_say_nothing(limit: Limit, clock: Clock) -> None:
    for _ in range(ENOUGH - 1):
        limit.enter()
        limit.leave(SLOW)
        clock.now += WINDOW
    assert limit.present == MOST


class App:
    """Answers when it may; `elsewhere` is for how long (seconds) it says that it asked others."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.inside = threading.Semaphore(0)
        self.elsewhere = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            self.inside.release()
            assert self.go_on.wait(10)
        context.spend_elsewhere("other", self.elsewhere)
        start_response("200 OK", [])
        return [b"done"]


def test_who_is_too_many_is_told_when_to_come_again_and_health_is_never_refused() -> None:
    app = App()
    client = Client(Shedding(app, Limit(LEAST, PATIENCE, LEAST)))
    waiting = [threading.Thread(target=client.get, args=["/x"]) for _ in range(LEAST)]
    for one in waiting:
        one.start()
        assert app.inside.acquire(timeout=10)
    refused = client.get("/x")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert refused.get_json()["type"].endswith("#overloaded")
    assert client.get("/healthz").status_code == 200
    app.go_on.set()
    for one in waiting:
        one.join(10)
    assert client.get("/x").status_code == 200


def test_an_error_gives_the_place_back() -> None:
    def broken(*_given: object) -> Iterable[bytes]:
        raise RuntimeError("broken")

    client = Client(Shedding(broken, Limit(LEAST, PATIENCE, LEAST)))
    for _ in range(2 * LEAST):
        with pytest.raises(RuntimeError, match="broken"):
            client.get("/x")


def test_time_in_which_others_worked_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    app.go_on.set()
    app.elsewhere = 0.2
    limit = Limit(LEAST, PATIENCE, LEAST)
    taken: list[float] = []
    monkeypatch.setattr(limit, "leave", taken.append)
    context.enter()
    try:
        Client(Shedding(app, limit)).get("/x")
        Client(Shedding(app, limit)).get("/x")
    finally:
        context.leave()
    assert max(taken) < 0
