"""What a drill has found, on one phase."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from drill.history import Finding
from drill.timeline import Timeline


@dataclass(frozen=True)
class Number:
    """A measured number with its unit ("" for a count)."""

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        value = f"{self.value:,.0f}" if self.value >= 100 or not self.unit else f"{self.value:.3g}"
        return f"{value} {self.unit}".rstrip()


@dataclass(frozen=True)
class Claim:
    """An expectation, and whether it came true in the `of` cases that were looked at."""

    words: str
    holds: bool
    of: int


@dataclass(frozen=True)
class Observation:
    """What was looked at, how often, and how often at least if it is to mean anything."""

    what: str
    count: int
    least: int

    @property
    def is_enough(self) -> bool:
        """Tell whether it says something; nothing at all never does."""
        return self.count >= max(self.least, 1)


MESSAGES = "messages acknowledged"


@dataclass(frozen=True)
class Outcome:
    """The end of a drill: what was observed, what was claimed of it, what was found wrong."""

    phase: str
    timeline: Timeline
    numbers: Sequence[Number]
    observations: Sequence[Observation]
    claims: Sequence[Claim]
    findings: Sequence[Finding]

    @property
    def is_good(self) -> bool:
        """Tell whether enough was seen, no message was harmed and everything claimed came true."""
        return not (self._wrong or self._missing)

    @property
    def verdict(self) -> str:
        """Say in one line how it ended."""
        if self._wrong:
            return f"FAILED: {self._wrong}"
        if self._missing:
            return f"NO VERDICT: {'; '.join(self._missing)}"
        if any(one.what == MESSAGES for one in self.observations):
            return "PASSED: nothing lost, doubled, altered or out of order"
        return "PASSED: all that was claimed came true"

    @property
    def _wrong(self) -> str:
        """Say what was harmed or did not come true; "" if nothing."""
        if self.findings:
            counted = Counter(finding.fault.value for finding in self.findings)
            return ", ".join(f"{count} {fault}" for fault, count in counted.items())
        broken = [one.words for one in self.claims if one.of and not one.holds]
        return f"not so: {'; '.join(broken)}" if broken else ""

    @property
    def _missing(self) -> list[str]:
        """Say what was not seen, or not often enough, to judge by."""
        few = [
            f"{one.count:,} {one.what}, and it takes {max(one.least, 1):,}"
            for one in self.observations
            if not one.is_enough
        ]
        empty = [f"nothing was seen of: {one.words}" for one in self.claims if not one.of]
        return few + empty if self.observations else ["nothing was observed"]

    def to_json(self) -> dict[str, Any]:
        """Return everything, for a file or for --json."""
        return {
            "phase": self.phase,
            "verdict": self.verdict,
            "good": self.is_good,
            "numbers": [{**asdict(number), "text": str(number)} for number in self.numbers],
            "observations": [asdict(one) for one in self.observations],
            "claims": [
                {"claim": one.words, "holds": one.holds, "of": one.of} for one in self.claims
            ],
            "findings": [str(finding) for finding in self.findings],
            **self.timeline.to_json(),
        }
