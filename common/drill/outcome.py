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
class Outcome:
    """The end of a drill. `claims` are expectations and whether they came true."""

    phase: str
    timeline: Timeline
    numbers: Sequence[Number]
    claims: Sequence[tuple[str, bool]]
    findings: Sequence[Finding]

    @property
    def is_good(self) -> bool:
        """Tell whether no message was harmed and everything expected came true."""
        return not self.findings and all(holds for _, holds in self.claims)

    @property
    def verdict(self) -> str:
        """Say in one line how it ended."""
        if self.findings:
            counted = Counter(finding.fault.value for finding in self.findings)
            return "FAILED: " + ", ".join(f"{count} {fault}" for fault, count in counted.items())
        broken = [words for words, holds in self.claims if not holds]
        if broken:
            return f"FAILED: not so: {'; '.join(broken)}"
        return "PASSED: nothing lost, doubled, altered or out of order"

    def to_json(self) -> dict[str, Any]:
        """Return everything, for a file or for --json."""
        return {
            "phase": self.phase,
            "verdict": self.verdict,
            "good": self.is_good,
            "numbers": [{**asdict(number), "text": str(number)} for number in self.numbers],
            "claims": [{"claim": words, "holds": holds} for words, holds in self.claims],
            "findings": [str(finding) for finding in self.findings],
            **self.timeline.to_json(),
        }
