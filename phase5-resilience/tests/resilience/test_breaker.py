"""A breaker: it opens by the rate of bad calls, tries with one, and bounds who waits."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from chassis import context
from chassis.errors import Conflict, NotReady
from chassis.resilience.breaker import Breaker, Refused, Tuning
from chassis.resilience.report import BreakerStates, states

TUNING = Tuning(slow=1.0, at_once=3, window=10, least=5, bad=0.5, pause=1.0, proofs=2)


class Clock:
    """Time that passes when told to; the library's too."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("pyresilience._circuit_breaker._monotonic", clock)
    return clock


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("other", TUNING, clock)


def _good(breaker: Breaker, clock: Clock, seconds: float = 0.0) -> None:
    with breaker.call():
        clock.now += seconds


def _bad(breaker: Breaker, patience: float = 9.0) -> None:
    with pytest.raises(NotReady, match="nobody"), breaker.call(patience):
        raise NotReady("nobody")


def _state(breaker: Breaker) -> str:
    return breaker.state


def _opened(breaker: Breaker) -> Breaker:
    for _ in range(TUNING.least):
        _bad(breaker)
    assert _state(breaker) == "open"
    return breaker


def _refused(breaker: Breaker) -> str:
    with pytest.raises(Refused) as refused, breaker.call():
        pytest.fail("it was let through")
    assert refused.value.retry_after == 1
    return refused.value.why


def test_half_of_the_latest_calls_have_to_be_bad_and_one_of_few_says_nothing(
    breaker: Breaker, clock: Clock
) -> None:
    other = Breaker("other", TUNING, clock)
    for _ in range(4):
        _bad(other)
    assert _state(other) == "closed", "four calls are too few"
    for _ in range(10):
        _good(breaker, clock)
    for number in range(5):
        assert _state(breaker) == "closed", number
        _bad(breaker)
    assert _state(breaker) == "open"
    assert _refused(breaker) == "open"


def test_slow_answers_are_as_bad_as_none(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        _good(breaker, clock, seconds=0.9)
    assert _state(breaker) == "closed"
    for _ in range(5):
        _good(breaker, clock, seconds=1.1)
    assert _state(breaker) == "open"


def test_a_refusal_of_the_callers_mistake_is_an_answer(breaker: Breaker) -> None:
    for _ in range(20):
        with pytest.raises(Conflict), breaker.call():
            raise Conflict("there is one")
    assert _state(breaker) == "closed"


def test_who_gives_up_early_proves_nothing(breaker: Breaker) -> None:
    for _ in range(20):
        _bad(breaker, patience=0.2)
    assert _state(breaker) == "closed"
    for _ in range(5):
        _bad(breaker, patience=1.0)
    assert _state(breaker) == "open"


def test_after_the_pause_good_trials_close_it(breaker: Breaker, clock: Clock) -> None:
    _opened(breaker)
    clock.now += 0.99
    assert _refused(breaker) == "open"
    clock.now += 0.02
    assert _state(breaker) == "half-open"
    _good(breaker, clock)
    assert _state(breaker) == "half-open", "one proof is too few"
    _good(breaker, clock)
    assert _state(breaker) == "closed"
    _bad(breaker)
    assert _state(breaker) == "closed", "what was before is forgotten"


@pytest.mark.parametrize("seconds", [None, 1.5], ids=["silent", "slow"])
def test_a_bad_trial_opens_it_again(breaker: Breaker, clock: Clock, seconds: float | None) -> None:
    _opened(breaker)
    clock.now += 1.01
    if seconds is None:
        _bad(breaker)
    else:
        _good(breaker, clock, seconds)
    assert _refused(breaker) == "open"


def test_one_call_at_a_time_tries_however_many_come(breaker: Breaker, clock: Clock) -> None:
    _opened(breaker)
    clock.now += 1.01
    with breaker.call():
        assert _refused(breaker) == "probing"
        assert _refused(breaker) == "probing"
    with breaker.call():
        pass
    assert _state(breaker) == "closed"


def test_of_threads_that_come_at_once_one_tries(breaker: Breaker, clock: Clock) -> None:
    _opened(breaker)
    clock.now += 1.01
    let_go, came = threading.Event(), threading.Barrier(8)
    tried, refused = [], []

    def come() -> None:
        came.wait(5)
        try:
            with breaker.call():
                tried.append(1)
                let_go.wait(5)
        except Refused as error:
            refused.append(error.why)
            if len(refused) == 7:
                let_go.set()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert (len(tried), refused) == (1, ["probing"] * 7)


def test_who_was_on_the_way_before_says_nothing_about_now(breaker: Breaker, clock: Clock) -> None:
    with contextlib.ExitStack() as late:
        late.enter_context(breaker.call())
        _opened(breaker)
        clock.now += 1.01
        assert _state(breaker) == "half-open"
    assert _state(breaker) == "half-open", "a good one does not close it"
    _good(breaker, clock)
    assert _state(breaker) == "half-open"
    _good(breaker, clock)
    assert _state(breaker) == "closed"


def test_a_late_failure_does_not_make_the_pause_longer(breaker: Breaker, clock: Clock) -> None:
    def late() -> None:
        with breaker.call():
            _opened(breaker)
            clock.now += 0.9
            raise NotReady("late")

    with pytest.raises(NotReady, match="late"):
        late()
    clock.now += 0.2
    assert _state(breaker) == "half-open"


def test_only_so_many_wait_at_once_and_the_next_is_refused_without_waiting(
    breaker: Breaker,
) -> None:
    with contextlib.ExitStack() as waiting:
        for _ in range(TUNING.at_once):
            waiting.enter_context(breaker.call())
        assert _refused(breaker) == "full"
    with breaker.call():
        pass


def test_a_refused_trial_lets_the_next_one_try(breaker: Breaker, clock: Clock) -> None:
    with contextlib.ExitStack() as waiting:
        for _ in range(TUNING.at_once - 1):
            waiting.enter_context(breaker.call())
        _opened(breaker)
        waiting.enter_context(_place(breaker))
        clock.now += 1.01
        assert [_refused(breaker), _refused(breaker)] == ["full", "full"]
    with breaker.call():
        pass


@contextlib.contextmanager
def _place(breaker: Breaker) -> Iterator[None]:
    """Hold one more place, as a call would that began before it opened."""
    breaker._places.acquire()
    yield
    breaker._places.release()


def test_the_worst_state_of_a_dependency_is_reported_and_refusals_are_counted(
    breaker: Breaker, clock: Clock
) -> None:
    other = Breaker("other", TUNING, clock)
    assert _state(other) == "closed"
    _opened(breaker)
    assert states()["other"] == "open"
    (family,) = BreakerStates().collect()
    assert {one.labels["dependency"]: one.value for one in family.samples}["other"] == 2
    served = context.enter()
    try:
        _refused(breaker)
    finally:
        context.leave()
    assert served.counts["refused", "other", "open"] == 1


def test_a_breaker_that_nobody_uses_is_not_reported(clock: Clock) -> None:
    breaker = Breaker("short-lived", TUNING, clock)
    assert "short-lived" in states()
    del breaker
    assert "short-lived" not in states()


def test_changes_are_logged_once_each(
    breaker: Breaker, clock: Clock, written: list[dict[str, object]]
) -> None:
    _opened(breaker)
    _refused(breaker)
    clock.now += 1.01
    _good(breaker, clock)
    _good(breaker, clock)
    told = [(one["state"], one["log_level"]) for one in written if one["event"] == "breaker"]
    assert told == [("open", "warning"), ("half-open", "info"), ("closed", "info")]
