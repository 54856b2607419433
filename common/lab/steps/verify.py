"""Proves that the patches make every snapshot, and that diffs/README.md tells the truth."""

from collections.abc import Iterator

from lab.errors import LabError
from lab.steps import notes, patch, size
from lab.steps.route import PathPhase, Step, Trees
from lab.steps.store import EXECUTABLE, SYMLINK, Change, Store


def verify(trees: Trees) -> Iterator[str]:
    """Yield a line per phase and step that is as it should be. Raises LabError at the first not."""
    store, route = trees.store, trees.route
    for phase in route.phases:
        for step in phase.steps:
            after = trees.after(step)
            changed = store.changes(trees.before(step.phase, step.number), after)
            check_notes(step, {change.path for change in changed})
            yield f"step {step.name}   {step.file.name}: {len(changed)} files"
        check_sizes(phase)
        if phase.steps:
            _compare(store, phase, trees.after(phase.steps[-1]), trees.phase(phase.number))
        files = len(store.files(trees.phase(phase.number)))
        how = (
            f"as step {phase.steps[-1].name} leaves it" if phase.steps else "where the path starts"
        )
        yield f"phase {phase.number}    {phase.directory.name}: {files} files, {how}"
    for phase in route.all_phases:
        if not phase.recorded:
            yield f"phase {phase.number}    {phase.directory.name}: no step recorded yet"


def require(trees: Trees) -> None:
    """Raise LabError unless the checkout verifies."""
    for _ in verify(trees):
        pass


def _compare(store: Store, phase: PathPhase, expected: str, actual: str) -> None:
    changes = store.changes(expected, actual)
    if changes:
        last = phase.steps[-1].name
        raise LabError(
            f"{phase.directory.name} is not what its patches make: "
            f"{_describe(store, changes[0])} ({_count(changes)})",
            f"for a change that belongs to step {last}: ./lab history record {last}; "
            "to carry one forward from an earlier step: docs/path.md",
        )


def _count(changes: list[Change]) -> str:
    return "no other file differs" if len(changes) == 1 else f"{len(changes)} files differ"


def _describe(store: Store, change: Change) -> str:
    old, new = change.old, change.new
    if old is None:
        return f"{change.path} is there, and no patch makes it"
    if new is None:
        return f"{change.path} is missing"
    if old.mode != new.mode:
        words = {EXECUTABLE: "executable", SYMLINK: "a symbolic link"}
        is_, should = (words.get(entry.mode, "a plain file") for entry in (new, old))
        return f"{change.path} is {is_} and should be {should}"
    contents = store.contents([old.blob, new.blob])
    pair = (contents[old.blob], contents[new.blob])
    if b"\0" in pair[0] + pair[1]:
        return f"{change.path} has other bytes"
    lines = [content.split(b"\n") for content in pair]
    same = 0
    while same < min(map(len, lines)) and lines[0][same] == lines[1][same]:
        same += 1
    return f"{change.path} differs from line {same + 1} on"


def check_sizes(phase: PathPhase) -> None:
    """Raise LabError where a table of diffs/README.md does not count the lines of its patch."""
    file = phase.diffs / notes.NAME
    if file.is_file() and size.refreshed(file) != file.read_text(encoding="utf-8"):
        raise LabError(
            f"{phase.directory.name}/diffs/README.md: what stands under {notes.SIZE} is not "
            "what the patches hold",
            "./lab docs --write counts again",
        )


def check_notes(step: Step, touched: set[str]) -> None:
    """Raise LabError where a step's section does not fit its patch."""
    where = f"{step.file.parent.parent.name}/diffs/README.md"
    said = step.notes
    if said is None:
        raise LabError(f"{where} has no section on step {step.name}", "the format: docs/path.md")
    if said.file_name != step.file.name:
        raise LabError(f"{where} calls the patch {said.file_name}; the file is {step.file.name}")
    for pattern in said.order:
        if not any(notes.matches(path, pattern) for path in touched):
            raise LabError(f"{where}: {step.name} does not touch {pattern!r}, which a role names")
    for path in sorted(touched):
        if not any(notes.matches(path, pattern) for pattern in said.order):
            raise LabError(f"{where}: step {step.name} touches {path}, which no role names")
    added = patch.added_lines(step.file.read_bytes())
    for spot in said.read_first:
        if not any(spot.text in line for line in added.get(spot.path, [])):
            raise LabError(
                f"{where}: step {step.name} adds no line with {spot.text!r} to {spot.path}, "
                "which is to be read first"
            )
