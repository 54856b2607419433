"""A circuit breaker and a bulkhead for each thing that is asked.

Who was silent or slow in most of the latest calls is not asked for a moment: nobody waits for an
answer that will not come, and who is ill gets rest. Then one call at a time tries. And however slow
somebody is, only so many of our threads can wait for them. After Nygard, "Release It!".
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from pyresilience import CircuitBreaker, CircuitBreakerConfig, CircuitState

from chassis import context
from chassis.errors import DomainError, NotReady
from chassis.resilience import report
from chassis.resilience.report import State

log = structlog.get_logger()

_NAMES: dict[CircuitState, State] = {
    CircuitState.CLOSED: "closed",
    CircuitState.HALF_OPEN: "half-open",
    CircuitState.OPEN: "open",
}


@dataclass(frozen=True)
class Tuning:
    """When a breaker opens and closes. Durations are in seconds."""

    slow: float = 1.0
    """From how long on an answer is as bad as none."""
    at_once: int = 12
    """How many calls: under half of the threads that a service has."""
    window: int = 20
    """How many of the latest calls are looked at: few, so that it opens soon."""
    least: int = 10
    """Calls without which nothing is said; fewer than may wait at once."""
    bad: float = 0.5
    """The share of bad ones, from which on it opens."""
    pause: float = 1.0
    """How long it stays open before one call tries."""
    proofs: int = 2
    """Good calls, one after the other, with which it closes."""


class Refused(NotReady):
    """Not asked at all. `why` is `open`, `probing` or `full`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"It did not answer lately, and is not asked for the moment: {name}.")
        self.why = why


class Breaker:
    """Shared by all threads that ask the dependency `name`.

    The library counts, and decides. What it leaves open is decided here: in a trial there is one
    call at a time; who was on the way before says nothing about now; and who is slow in a trial has
    failed it.
    """

    def __init__(
        self,
        name: str,
        tuning: Tuning | None = None,
        clock: Callable[[], float] = time.perf_counter,
        failure: type[DomainError] = NotReady,
    ) -> None:
        self.name = name
        self._failure = failure
        self._tuning = tuning = tuning or Tuning()
        self._clock = clock
        self._circuit = CircuitBreaker(
            CircuitBreakerConfig(
                sliding_window_size=tuning.window,
                minimum_calls=tuning.least,
                failure_rate_threshold=tuning.bad,
                slow_call_duration=tuning.slow,
                slow_call_rate_threshold=tuning.bad,
                recovery_timeout=tuning.pause,
                success_threshold=tuning.proofs,
            )
        )
        self._places = threading.BoundedSemaphore(tuning.at_once)
        self._trial = threading.Lock()
        self._lock = threading.Lock()
        self._said = CircuitState.CLOSED
        report.watch(self)

    @property
    def state(self) -> State:
        """Return the present state."""
        return _NAMES[self._circuit.state]

    @contextmanager
    def call(self, patience: float = math.inf) -> Iterator[None]:
        """Let one call through; a `failure` in the block is one, any other error an answer.

        Who has less `patience` (seconds) than what counts as slow proves nothing by giving up.

        Errors: `Refused`, at once.
        """
        is_trial = self._enter()
        began = self._clock()
        is_good: bool | None = None
        try:
            yield
            is_good = True
        except self._failure:
            is_good = None if patience < self._tuning.slow else False
            raise
        except Exception:
            is_good = True
            raise
        finally:
            self._leave(self._clock() - began, is_trial=is_trial, is_good=is_good)

    def _enter(self) -> bool:
        """Take a place; return whether this is a trial."""
        state = self._look()
        is_trial = state is CircuitState.HALF_OPEN
        if state is CircuitState.OPEN:
            raise self._refused("open")
        if is_trial and not self._trial.acquire(blocking=False):
            raise self._refused("probing")
        if not self._places.acquire(blocking=False):
            if is_trial:
                self._trial.release()
            raise self._refused("full")
        return is_trial

    def _leave(self, seconds: float, *, is_trial: bool, is_good: bool | None) -> None:
        """Give the place back, and count the call if it says something about the present."""
        self._places.release()
        present = CircuitState.HALF_OPEN if is_trial else CircuitState.CLOSED
        if is_good is not None and self._circuit.state is present:
            if is_good and not (is_trial and seconds >= self._tuning.slow):
                self._circuit.record_success(seconds)
            else:
                self._circuit.record_failure(seconds)
        if is_trial:
            self._trial.release()
        self._look()

    def _refused(self, why: str) -> Refused:
        context.count("refused", self.name, why)
        return Refused(self.name, why)

    def _look(self) -> CircuitState:
        """Return the state; a change of it is worth a line in the log."""
        with self._lock:
            state, before = self._circuit.state, self._said
            self._said = state
        if state is not before:
            write = log.warning if state is CircuitState.OPEN else log.info
            write("breaker", dependency=self.name, state=_NAMES[state], before=_NAMES[before])
        return state
