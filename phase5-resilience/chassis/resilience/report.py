"""In which state everything is that stands between this process and what it depends on."""

from collections.abc import Iterator
from typing import Literal, Protocol
from weakref import WeakSet

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

State = Literal["closed", "half-open", "open"]
"""All calls go through; one at a time does, for a trial; none does."""
STATES: tuple[State, ...] = ("closed", "half-open", "open")
"""From good to bad; in metrics 0, 1, 2."""


class Watched(Protocol):
    """What lets calls to `name` through, or does not."""

    @property
    def name(self) -> str:
        """Return the dependency's name."""

    @property
    def state(self) -> State:
        """Return the present state."""


_watched: WeakSet[Watched] = WeakSet()


def watch(one: Watched) -> None:
    """Report its state, as long as somebody uses it."""
    _watched.add(one)


def states() -> dict[str, State]:
    """Return dependency → state; the worst one, where several stand before the same."""
    found: dict[str, State] = {}
    for one in list(_watched):
        found[one.name] = max(found.get(one.name, "closed"), one.state, key=STATES.index)
    return dict(sorted(found.items()))


class BreakerStates(Collector):
    """The same as a metric."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give it out."""
        says = "Whether a dependency is asked: 0 is yes, 1 is one call at a time, 2 is no."
        family = GaugeMetricFamily("chat_breaker_state", says, labels=["dependency"])
        for name, state in states().items():
            family.add_metric([name], STATES.index(state))
        yield family
