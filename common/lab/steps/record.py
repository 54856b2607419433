"""Writes the patch of the step that a phase's directory now holds."""

from lab.errors import LabError, UsageError
from lab.steps import notes, patch, size
from lab.steps.route import STEPS_OF_A_PHASE, PathPhase, Route, Step, Trees


def record(trees: Trees, name: str) -> Step:
    """Write the patch from the tree before a step to its phase's directory, and the table of it.

    Only the phase's latest step, or the one after it. Raises LabError.
    """
    store = trees.store
    phase, number = _place(trees.route, name)
    said = phase.described.get(name)
    if said is None:
        raise LabError(
            f"{phase.directory.name}/diffs/README.md has no section on step {name}",
            "write it first; docs/path.md has a template",
        )
    before = trees.before(phase.number, number)
    after = store.snapshot(phase.directory)
    if before == after:
        raise LabError(f"{phase.directory.name} is what it was before step {name}")
    text = patch.render(store, before, after, said.order)
    patch.check(store, before, text, after, said.file_name)
    phase.diffs.mkdir(exist_ok=True)
    for old in phase.diffs.glob(f"{name}-*.patch"):
        old.unlink()
    file = phase.diffs / said.file_name
    file.write_bytes(text)
    readme = phase.diffs / notes.NAME
    readme.write_text(size.refreshed(readme), encoding="utf-8")
    return Step(phase.number, number, file, said)


def _place(route: Route, name: str) -> tuple[PathPhase, int]:
    step = notes.STEP.fullmatch(name)
    if step is None:
        raise UsageError(f"{name!r} is no step", "a step is written 1.2: phase 1, second step")
    number, place = int(step[1]), int(step[2])
    phases = {phase.number: phase for phase in route.all_phases}
    if number not in phases or number == 0:
        raise UsageError(
            f"there is no directory of phase {number} with steps in it",
            "a phase starts as a copy of the one before: docs/path.md",
        )
    if number + 1 in phases and phases[number + 1].recorded:
        raise UsageError(
            f"phase {number + 1} goes on from phase {number}, and its patches would break",
            "change an earlier step with lab history export and import: docs/path.md",
        )
    done = len(phases[number].steps)
    if place not in (done, done + 1) or not 1 <= place <= STEPS_OF_A_PHASE:
        following = f", or {number}.{done + 1}" if done < STEPS_OF_A_PHASE else ""
        latest = f"{number}.{done} again{following}" if done else f"{number}.1"
        raise UsageError(f"step {name} cannot be recorded now", f"what can be: {latest}")
    return phases[number], place
