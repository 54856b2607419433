"""A drill as a phase defines it, and where definitions are found.

phaseN/drills/NAME.py holds `DRILL`; it imports this package, and nothing of its phase.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from drill.stage import Stage
from lab.errors import UsageError
from lab.phases import Phase


@dataclass(frozen=True)
class Drill:
    """A question, and the experiment that answers it.

    `sends` is how many messages at least must have been acknowledged for a verdict on them. With 0
    there is none on messages, and the drill states what else it observes (`Stage.observe`).
    `alone`: it asks for what the phase before has not, and is not put to that.
    `limits` are those of a phase that has any: real, or as much larger as tests need them.
    `world` writes an archive that the system is filled with before; without, it starts empty.
    """

    name: str
    question: str
    run: Callable[[Stage], None]
    sends: int
    world: Callable[[BinaryIO], object] | None = None
    limits: str = "test"
    alone: bool = False


def drills_of(phase: Phase) -> list[Drill]:
    """Return the phase's drills, by name."""
    found = [_load(phase, file) for file in sorted((phase.directory / "drills").glob("*.py"))]
    return [drill for drill in found if drill is not None]


def find(phase: Phase, name: str) -> Drill:
    """Return one drill. Raises UsageError."""
    drills = drills_of(phase)
    for drill in drills:
        if drill.name == name:
            return drill
    names = ", ".join(drill.name for drill in drills) or "none"
    raise UsageError(f"{phase.label} has no drill {name!r}", f"it has: {names}")


def _load(phase: Phase, file: Path) -> Drill | None:
    if "DRILL" not in file.read_text(encoding="utf-8"):
        return None
    name = f"{phase.name}_drill_{file.stem}"
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None  # noqa: S101 - the file exists and ends in .py
    assert specification.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    drill = module.DRILL
    assert isinstance(drill, Drill)  # noqa: S101 - a slip in a definition of ours
    return drill
