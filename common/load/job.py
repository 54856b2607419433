"""What the load generator is told to do; JSON on its standard input."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from load.arrivals import Stage
from load.world import Person


@dataclass(frozen=True)
class Bound:
    """What a system must keep to: p99 in milliseconds, and the share of requests that may fail."""

    p99_ms: float
    errors: float

    def is_kept(self, summary: dict[str, Any]) -> bool:
        """Judge the summary of a stage."""
        asked = summary["requests"] + summary["not_served"]
        failed = summary["failed"] + summary["not_served"]
        p99 = summary["latency_ms"].get("p99", float("inf"))
        return bool(p99 <= self.p99_ms and failed <= self.errors * asked)


@dataclass(frozen=True)
class Job:
    """Load on one address: `users` of one kind through stages, with `listeners` on sockets.

    `cpu` pins the generator. Stages end early once `bound` is not kept.
    """

    url: str
    user: str
    users: int
    stages: Sequence[Stage]
    people: Sequence[Person]
    seed: int
    listeners: int = 0
    bound: Bound | None = None
    cpu: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Job":
        """Undo to_json."""
        bound = None if value["bound"] is None else Bound(**value["bound"])
        stages = [Stage(**stage) for stage in value["stages"]]
        people = [Person.from_json(person) for person in value["people"]]
        return cls(**{**value, "bound": bound, "stages": stages, "people": people})
