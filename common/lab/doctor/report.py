"""What is found, in the shape that `lab doctor --json` prints (docs/lab.md)."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing to know; `fix` is what to type about it, None where nothing has to be done."""

    what: str
    fix: str | None = None


@dataclass(frozen=True)
class EngineReport:
    """One engine, usable without a problem; versions maps what answers to its version."""

    name: str
    versions: dict[str, str]
    problem: Finding | None = None


@dataclass(frozen=True)
class MachineReport:
    """What there is; memory and disk in bytes."""

    system: str
    cores: int
    python: str
    memory_total: int
    memory_available: int
    disk_free: int
    problems: list[Finding]


@dataclass(frozen=True)
class PortReport:
    """The port that a phase prefers; `holder` says who listens there, None if nobody does."""

    port: int
    phase: str
    holder: str | None


@dataclass(frozen=True)
class NeedsReport:
    """What one engine lacks for one phase: `missing` keeps it from running, `notes` do not."""

    missing: list[Finding]
    notes: list[Finding]


@dataclass(frozen=True)
class PhaseReport:
    """One phase; images are those of servers that it does not build itself."""

    phase: str
    directory: str
    images: list[str]
    engines: dict[str, NeedsReport]

    @property
    def runs(self) -> bool:
        """Whether some engine can run it."""
        return any(not needs.missing for needs in self.engines.values())


@dataclass(frozen=True)
class BrowserReport:
    """Chromium, for the tests of the browser client."""

    path: str | None
    version: str | None
    problem: Finding | None = None


@dataclass(frozen=True)
class Report:
    """All of it."""

    engines: list[EngineReport]
    machine: MachineReport
    ports: list[PortReport]
    phases: list[PhaseReport]
    browser: BrowserReport
    leftovers: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether phase 0, the first, can run here."""
        return bool(self.phases) and self.phases[0].runs

    def to_json(self) -> dict[str, Any]:
        """Return what `lab doctor --json` prints."""
        found = {"ok": self.ok, **asdict(self)}
        for raw, phase in zip(found["phases"], self.phases, strict=True):
            raw["runs"] = phase.runs
        return found
