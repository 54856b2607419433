"""The figures that a result holds: one place for the table, the charts and the page."""

from collections.abc import Callable
from typing import Any

from load.job import Bound
from load.result import FLOOR, Result, Run, knee
from load.spread import Spread

MAIN_OPERATIONS = ("send", "list", "history")
"""The parts that are compared with the floor."""


class Figures:
    """Spreads over the rounds of a result, pinned or not."""

    def __init__(self, result: Result, *, pinned: bool) -> None:
        self.result = result
        self.pinned = pinned

    def over(self, subject: str, part: str, of: Callable[[Run], float | None]) -> Spread | None:
        """Return the spread of what `of` finds in each run that has it."""
        runs = self.result.select(subject, part, pinned=self.pinned)
        return Spread.of(value for run in runs if (value := of(run)) is not None)

    def over_punctual(
        self, subject: str, part: str, of: Callable[[Run], float | None]
    ) -> Spread | None:
        """Return the same of runs whose requests were sent in time: for latencies."""
        return self.over(subject, part, lambda run: None if run.late else of(run))

    def cpu(self, subject: str, part: str) -> Spread | None:
        """Return milliseconds of processor time per request."""
        return self.over(subject, part, lambda run: run.cpu_ms)

    def cpu_of(self, subject: str, part: str, service: str) -> Spread | None:
        """Return seconds of processor time of one service per thousand requests."""
        return self.over(
            subject,
            part,
            lambda run: 1000 * run.cpu_seconds.get(service, 0) / max(run.requests, 1),
        )

    def services(self, subject: str) -> list[str]:
        """Return the services of a subject."""
        names = [name for run in self.result.runs if run.subject == subject for name in run.memory]
        return list(dict.fromkeys(names))

    def memory(self, subject: str, part: str, service: str) -> Spread | None:
        """Return MiB."""
        return self.over(subject, part, lambda run: run.memory.get(service, 0) / 2**20)

    def multiple(self, subject: str, part: str) -> Spread | None:
        """Return the cost as a multiple of the floor's in the same round."""
        return self.ratio(subject, subject + FLOOR, part)

    def ratio(self, subject: str, other: str, part: str) -> Spread | None:
        """Return what a request to `subject` costs, as a multiple of `other`, round by round."""
        runs, others = (
            {run.round: run.cpu_ms for run in self.result.select(name, part, pinned=self.pinned)}
            for name in (subject, other)
        )
        both = [number for number in runs if others.get(number)]
        return Spread.of(runs[number] / others[number] for number in both)

    def stage(self, subject: str, part: str, *path: str) -> Spread | None:
        """Return a number from the first stage's summary, such as "latency_ms", "p99"."""
        return self.over_punctual(subject, part, lambda run: _dig(run.stages[0], path))

    def errors(self, subject: str, part: str) -> Spread | None:
        """Return the percentage of requests that failed or were not served."""
        return self.over(subject, part, lambda run: _error_percent(run.stages[0]))

    def knee(self, subject: str) -> Spread | None:
        """Return the requests per second served before the bound was broken."""
        bound = self._bound()

        def of(run: Run) -> float:
            return knee(run.stages, [bound.is_kept(stage) for stage in run.stages])

        return self.over_punctual(subject, "saturation", of)

    def is_saturated(self, subject: str) -> bool:
        """Tell whether the bound was broken in every round, or the rates ended before that."""
        runs = self.result.select(subject, "saturation", pinned=self.pinned)
        return not any(self._bound().is_kept(run.stages[-1]) for run in runs)

    def _bound(self) -> Bound:
        return Bound(**self.result.parameters["bound"])

    def operations(self, subject: str, part: str) -> list[str]:
        """Return the names of the operations in a part, in alphabetical order."""
        runs = self.result.select(subject, part, pinned=self.pinned)
        return sorted({name for run in runs for name in run.stages[0]["operations"]})


def _dig(summary: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = summary
    for key in path:
        value = value.get(key)
        if value is None:
            return None
    return float(value)


def _error_percent(summary: dict[str, Any]) -> float:
    asked = summary["requests"] + summary["not_served"]
    return float(100 * (summary["failed"] + summary["not_served"]) / max(asked, 1))
