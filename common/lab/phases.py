"""The phases of the path: which there are, and which one a person means."""

import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import UsageError
from lab.paths import ROOT
from lab.steps.layout import lay_out

TITLES = (
    "mvp",
    "foundation",
    "gateway",
    "messaging",
    "decomposition",
    "resilience",
    "scaling",
    "features",
)
COMPOSE_FILE = "compose.yaml"
FIRST_PORT = 8000
STEPS = 3  # of each phase but phase 0


@dataclass(frozen=True)
class Phase:
    """A system that lab can run.

    `name` is its directory under .lab/ and what commands take; `port` is the one it prefers.
    """

    name: str
    label: str
    directory: Path
    port: int


def built() -> list[Phase]:
    """Return the phases that exist in this checkout, in order."""
    found = []
    for number, title in enumerate(TITLES):
        directory = ROOT / f"phase{number}-{title}"
        if (directory / COMPOSE_FILE).is_file():
            found.append(_numbered(number, directory))
    return found


def find(text: str) -> Phase:
    """Return the phase meant by `0`, `phase0`, `phase0-mvp` or a directory. Raises UsageError.

    `1.2` means the system after that step, which is laid out under .lab/ (raises LabError).
    """
    step = re.fullmatch(r"(\d)\.(\d)", text)
    if step is not None:
        return Phase(text, f"step {text}", lay_out(ROOT, text), FIRST_PORT + int(step[1] + step[2]))
    number = re.fullmatch(r"(?:phase)?(\d+)(?:-[a-z]+)?/?", text)
    if number is not None:
        return _by_number(int(number[1]))
    directory = Path(text).resolve()
    for phase in built():
        if phase.directory == directory:
            return phase
    if (directory / COMPOSE_FILE).is_file():
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", directory.name)
        return Phase(name, name, directory, FIRST_PORT)
    if directory.is_dir():
        raise UsageError(f"{directory} holds no {COMPOSE_FILE}", _what_exists())
    raise UsageError(f"there is no phase {text!r}", _what_exists())


def position(phase: Phase) -> tuple[int, int] | None:
    """Return the phase and the step that it stands for, a whole phase as its last.

    None for a system that is no part of the path.
    """
    found = re.fullmatch(r"phase(\d+)|(\d)\.(\d)", phase.name)
    if found is None:
        return None
    return (int(found[1]), STEPS) if found[1] else (int(found[2]), int(found[3]))


def _by_number(number: int) -> Phase:
    for phase in built():
        if phase.name == f"phase{number}":
            return phase
    if number < len(TITLES):
        raise UsageError(f"phase {number} ({TITLES[number]}) is not built yet", _what_exists())
    raise UsageError(f"there is no phase {number}; the last is {len(TITLES) - 1}", _what_exists())


def _numbered(number: int, directory: Path) -> Phase:
    return Phase(f"phase{number}", f"phase {number}", directory, FIRST_PORT + number)


def _what_exists() -> str:
    names = ", ".join(
        f"{phase.name.removeprefix('phase')} ({phase.directory.name})" for phase in built()
    )
    return f"built so far: {names or 'none'}"
