"""The path as it lies in a checkout: its phases, their steps, and the tree after each."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.steps import notes, patch
from lab.steps.notes import StepNotes
from lab.steps.store import Store

STEPS_OF_A_PHASE = 3
_DIRECTORY = re.compile(r"phase(\d+)-[a-z]+")
_PATCH = re.compile(r"(\d+)\.(\d+)-[a-z0-9-]+\.patch")


@dataclass(frozen=True)
class Step:
    """One recorded step: `file` is its patch. notes is None while nothing describes it."""

    phase: int
    number: int
    file: Path
    notes: StepNotes | None

    @property
    def name(self) -> str:
        """What a person calls it: 1.2."""
        return f"{self.phase}.{self.number}"


@dataclass(frozen=True)
class PathPhase:
    """A phase's directory: the tree after the latest of its recorded steps.

    described holds every section of diffs/README.md, of steps not yet recorded too.
    """

    number: int
    directory: Path
    steps: tuple[Step, ...]
    described: dict[str, StepNotes]

    @property
    def diffs(self) -> Path:
        """Where its patches lie."""
        return self.directory / "diffs"

    @property
    def title(self) -> str:
        """Its name without the number: foundation."""
        return self.directory.name.split("-", 1)[1]

    @property
    def recorded(self) -> bool:
        """Whether it belongs to the path yet: phase 0, or one step is recorded."""
        return self.number == 0 or bool(self.steps)


class Route:
    """The phases and steps of the checkout at root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def all_phases(self) -> list[PathPhase]:
        """Every phase directory in order, those without a recorded step too."""
        found: dict[int, PathPhase] = {}
        for directory in sorted(self.root.glob("phase*-*/")):
            name = _DIRECTORY.fullmatch(directory.name)
            if name is None:
                continue
            number = int(name[1])
            if number in found:
                raise LabError(
                    f"{found[number].directory.name} and {directory.name} are both phase {number}"
                )
            found[number] = _read(number, directory)
        return [found[number] for number in sorted(found)]

    @cached_property
    def phases(self) -> list[PathPhase]:
        """The phases that belong to the path, without a gap. Raises LabError."""
        phases = [phase for phase in self.all_phases if phase.recorded]
        for number, phase in enumerate(phases):
            if phase.number != number:
                raise LabError(f"there is {phase.directory.name}, but no phase {number} before it")
            if number and phase is not phases[-1] and len(phase.steps) != STEPS_OF_A_PHASE:
                raise LabError(
                    f"phase {number} has {len(phase.steps)} of {STEPS_OF_A_PHASE} steps, "
                    f"but phase {number + 1} goes on from it"
                )
        return phases

    @property
    def steps(self) -> list[Step]:
        """Every recorded step, in order."""
        return [step for phase in self.phases for step in phase.steps]

    def step(self, name: str) -> Step:
        """Return a recorded step. Raises UsageError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise UsageError(f"there is no step {name} yet", self.what_exists())

    def phase(self, number: int) -> PathPhase:
        """Return a phase that belongs to the path. Raises UsageError."""
        if number < len(self.phases):
            return self.phases[number]
        raise UsageError(f"there is no phase {number} yet", self.what_exists())

    def what_exists(self) -> str:
        """Say which phases and steps there are."""
        phases = ", ".join(str(phase.number) for phase in self.phases) or "none"
        steps = ", ".join(step.name for step in self.steps) or "none"
        return f"so far there are: phases {phases}; steps {steps}"


class Trees:
    """The tree after each phase and step, made once each."""

    def __init__(self, store: Store, route: Route) -> None:
        self.store = store
        self.route = route
        self._made: dict[str, str] = {}

    def phase(self, number: int) -> str:
        """Return a phase's tree as it lies in its directory."""
        name = f"phase{number}"
        if name not in self._made:
            self._made[name] = self.store.snapshot(self.route.phase(number).directory)
        return self._made[name]

    def before(self, phase: int, number: int) -> str:
        """Return the tree that a step starts from. Raises PatchFailed."""
        if number == 1:
            return self.phase(phase - 1)
        return self.after(self.route.step(f"{phase}.{number - 1}"))

    def after(self, step: Step) -> str:
        """Return the tree that the patches up to a step make. Raises PatchFailed."""
        if step.name not in self._made:
            before = self.before(step.phase, step.number)
            onto = (
                f"the tree after step {step.phase}.{step.number - 1}"
                if step.number > 1
                else self.route.phase(step.phase - 1).directory.name
            )
            self._made[step.name] = patch.apply(self.store, before, step.file, onto)
        return self._made[step.name]

    def point(self, text: str) -> tuple[str, str]:
        """Return label and tree of what a person names: 0, phase1, phase1-foundation, 1.2."""
        if notes.STEP.fullmatch(text):
            return f"step {text}", self.after(self.route.step(text))
        number = re.fullmatch(r"(?:phase)?(\d+)(?:-[a-z]+)?/?", text)
        if number is None:
            raise UsageError(f"{text!r} is no phase and no step", self.route.what_exists())
        return f"phase {number[1]}", self.phase(int(number[1]))


def _read(number: int, directory: Path) -> PathPhase:
    described = notes.read(directory / "diffs" / notes.NAME)
    for name in described:
        if not name.startswith(f"{number}."):
            raise LabError(f"{directory.name}/diffs/README.md describes step {name}")
    steps: list[Step] = []
    files = sorted((directory / "diffs").glob("*.patch"))
    for place, file in enumerate(files, start=1):
        name_of = _PATCH.fullmatch(file.name)
        if name_of is None or (int(name_of[1]), int(name_of[2])) != (number, place):
            raise LabError(
                f"{directory.name}/diffs/{file.name} is out of place; "
                f"the patch of step {number}.{place} is expected there"
            )
        steps.append(Step(number, place, file, described.get(f"{number}.{place}")))
    return PathPhase(number, directory, tuple(steps), described)
