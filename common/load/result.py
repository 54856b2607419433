"""A bench's result as it lies in a file: raw runs; every figure is derived from them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
FLOOR = " floor"


@dataclass(frozen=True)
class Run:
    """One part against one subject in one round.

    `stages` are the recorder's summaries, `cpu_seconds` and `memory` (bytes) are by service.
    `invalid` says why the figures must not be used, `late` why its latencies must not: what
    the processor did can be told even if the generator had to wait for its turn.
    """

    subject: str
    part: str
    pinned: bool
    round: int
    stages: list[dict[str, Any]]
    cpu_seconds: dict[str, float]
    memory: dict[str, int]
    load_average: float
    invalid: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Return how many requests were answered."""
        return sum(stage["requests"] for stage in self.stages)

    @property
    def cpu_ms(self) -> float:
        """Return milliseconds of processor time per request, all services together."""
        return 1000 * sum(self.cpu_seconds.values()) / max(self.requests, 1)


@dataclass(frozen=True)
class Result:
    """A whole bench. `generator_limit` is in requests per second."""

    about: dict[str, Any]
    parameters: dict[str, Any]
    generator_limit: float
    runs: list[Run]

    def subjects(self) -> list[str]:
        """Return the phases, without their floors, in the order given."""
        return [name for name in self.parameters["phases"] if not name.endswith(FLOOR)]

    def select(self, subject: str, part: str, *, pinned: bool) -> list[Run]:
        """Return the valid runs of one kind, by round."""
        found = [
            run
            for run in self.runs
            if (run.subject, run.part, run.pinned) == (subject, part, pinned) and not run.invalid
        ]
        return sorted(found, key=lambda run: run.round)

    def doubtful(self) -> Iterator[Run]:
        """Yield the runs of which something must not be used."""
        return (run for run in self.runs if run.invalid or run.late)

    def write(self, file: Path) -> None:
        """Write the file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": FORMAT, "kind": "bench", **asdict(self)}, indent=1)
        file.write_text(text + "\n", encoding="utf-8")


def read(file: Path) -> Result:
    """Read what `write` wrote. Raises ValueError for another file."""
    value = json.loads(file.read_text(encoding="utf-8"))
    if value.get("kind") != "bench" or value.get("format") != FORMAT:
        raise ValueError(f"{file.name} is no result of lab bench, format {FORMAT}")
    runs = [Run(**run) for run in value["runs"]]
    return Result(value["about"], value["parameters"], value["generator_limit"], runs)


def knee(stages: Sequence[dict[str, Any]], kept: Sequence[bool]) -> float:
    """Return the throughput of the last stage that kept the bound; 0 if none did."""
    good = [stage["throughput"] for stage, is_kept in zip(stages, kept, strict=True) if is_kept]
    return float(good[-1]) if good else 0.0
