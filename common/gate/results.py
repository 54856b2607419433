"""What one pytest run found, as it passes from pytest to the gate in a file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Results:
    """Node ids by their end, and in words what no second try can mend.

    An id may be there more than once: schemathesis gives all its tests one name.
    """

    passed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    def and_then(self, other: "Results") -> "Results":
        """Return the results of two runs: each service's own tests are one."""
        return Results(
            self.passed + other.passed,
            self.skipped + other.skipped,
            self.failed + other.failed,
            self.broken + other.broken,
        )

    def write(self, file: Path) -> None:
        """Write them to a file."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Results | None":
        """Return what a file holds; None if pytest never came to write one."""
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return cls(**{name: tuple(words) for name, words in raw.items()})
