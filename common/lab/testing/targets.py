"""What can be tested in this checkout: a table that grows with the tree."""

from dataclasses import dataclass
from pathlib import Path

from lab import phases
from lab.errors import UsageError
from lab.paths import ROOT
from lab.phases import Phase

CONTRACT = ROOT / "common" / "contract" / "tests"
WEB = ROOT / "common" / "web" / "tests"
TAKE_URL = {CONTRACT, WEB}
# Tests that need no running phase: what a person types, and where they lie.
STANDALONE = {
    "lab": ROOT / "common" / "lab" / "tests",
    "docs": ROOT / "common" / "docs" / "tests",
    "load": ROOT / "common" / "load" / "tests",
    "drill": ROOT / "common" / "drill" / "tests",
    "gate": ROOT / "common" / "gate" / "tests",
}


@dataclass(frozen=True)
class Target:
    """One pytest run; with a phase, an instance of it is started and its address passed."""

    name: str
    paths: tuple[Path, ...]
    phase: Phase | None = None
    services: tuple[Path, ...] = ()
    """Tests of one service each, by itself: another may have packages of the same names."""


def everything() -> list[Target]:
    """Return all that can be tested here, quick ones first."""
    targets = [Target(name, (path,)) for name, path in STANDALONE.items()]
    targets += [_of_phase(phase) for phase in phases.built()]
    targets.append(_web())
    return [target for target in targets if target.paths]


def find(name: str) -> Target:
    """Return what a person means by a name. Raises UsageError."""
    if name in STANDALONE:
        return Target(name, (STANDALONE[name],))
    if name == "web":
        return _web()
    try:
        target = _of_phase(phases.find(name))
    except UsageError as error:
        names = ", ".join(one.name for one in everything())
        raise UsageError(str(error), f"what can be tested: {names}") from None
    if not target.paths:
        raise UsageError(f"{name} has no tests")
    return target


def _of_phase(phase: Phase) -> Target:
    paths = [path for path in (phase.directory / "tests", CONTRACT) if path.is_dir()]
    services = tuple(sorted(phase.directory.glob("services/*/tests")))
    return Target(phase.name.removeprefix("phase"), tuple(paths), phase, services)


def _web() -> Target:
    """Return the browser's tests, against phase 0: the client is one for all phases."""
    return Target("web", (WEB,), phases.find("0"))
