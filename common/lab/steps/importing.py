"""Reads an amended history back: snapshots and patches of every later step follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.steps import commits, notes, patch, size
from lab.steps.commits import Point, points
from lab.steps.export import EXPORTED
from lab.steps.git import Git, GitError
from lab.steps.notes import StepNotes
from lab.steps.route import STEPS_OF_A_PHASE, PathPhase, Route, Trees
from lab.steps.store import OWN_FILES, SUBMODULE, Store, is_own
from lab.steps.verify import require


@dataclass(frozen=True)
class Imported:
    """What an import did: changed paths by phase directory, patches written, remarks.

    trees are the old and the new tree of each step that was there before.
    """

    files: dict[str, list[str]]
    patches: list[str]
    remarks: list[str]
    trees: list[tuple[str, str]]


def import_history(trees: Trees, directory: Path) -> Imported:
    """Write the commits of an export back into the checkout.

    Everything is made and checked before the first file is written. Raises LabError.
    """
    store, route = trees.store, trees.route
    repository = _repository(directory)
    store.git("fetch", "--quiet", repository, "HEAD:refs/import", f"{EXPORTED}:refs/exported")
    require(trees)
    current = points(trees)
    base = commits.read(store, "refs/exported")
    _refuse_moved_base(store, current, base)
    new = commits.read(store, "refs/import")
    described = _sequence(route, [point.name for point in new])
    for point in new:
        _refuse_foreign(store, point)
    _refuse_unrecorded(store, described, new)
    patches = list(_patches(store, described, current, new))
    files = _write_snapshots(store, route, new)
    written = [_write_patch(phase, said, text) for phase, said, text in patches]
    _move_refs(Git(repository), new)
    remarks = [
        f"the message of {after.name} was edited; messages come from diffs/README.md"
        for before, after in zip(base, new, strict=False)
        if before.message.strip() != after.message.strip()
    ]
    pairs = [(before.tree, after.tree) for before, after in zip(base, new, strict=False)]
    return Imported(files, written, remarks, pairs)


def _repository(directory: Path) -> Path:
    """Return an export's directory; refuse another repository and unfinished work."""
    again = "export again: ./lab history export NEW_DIRECTORY"
    if not directory.is_dir():
        raise UsageError(f"there is no directory {directory}", again)
    git = Git(directory)
    try:
        top = Path(git.text("rev-parse", "--show-toplevel"))
        git("rev-parse", "--verify", "--quiet", EXPORTED)
    except GitError:
        raise UsageError(f"{directory} was not made by lab history export", again) from None
    for state in ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD"):
        if (directory / git.text("rev-parse", "--git-path", state)).exists():
            raise LabError(
                f"a rebase or merge is under way in {directory}",
                "finish it there: git status says how; then git rebase --continue",
            )
    dirty = git.text("status", "--porcelain", "--untracked-files=all")
    if dirty:
        raise LabError(
            f"{directory} holds changes that are not committed: {dirty.splitlines()[0][3:]}",
            "put them into the step they belong to: git commit --amend --all, or fixup and rebase",
        )
    return top


def _refuse_moved_base(store: Store, current: list[Point], base: list[Point]) -> None:
    """Refuse if the checkout is no longer what was exported: an import would undo that."""
    for now, then in zip(current, base, strict=False):
        if now.tree != then.tree:
            first = store.changes(then.tree, now.tree)[0].path
            where = "phase 0" if now.name == "0" else f"step {now.name}"
            raise LabError(
                f"the checkout has changed since this export: {first} in {where}",
                "export again and take your commits over with git cherry-pick or rebase",
            )
    if len(current) != len(base):
        raise LabError(
            f"the checkout has {len(current) - 1} steps, the export was made of {len(base) - 1}",
            "export again and take your commits over with git cherry-pick or rebase",
        )


def _sequence(route: Route, names: list[str]) -> list[tuple[PathPhase, StepNotes]]:
    """Return phase and section of each commit after the first; checks that none is missing.

    Steps that diffs/README.md describes and that are not recorded yet may follow the last one.
    """
    allowed = [
        (phase, phase.described[name])
        for phase in route.all_phases
        for number in range(1, STEPS_OF_A_PHASE + 1)
        if (name := f"{phase.number}.{number}") in phase.described
    ]
    known = ["0", *(said.name for _, said in allowed)]
    for place, name in enumerate(names):
        if place >= len(known) or name != known[place]:
            expected = (
                f"{known[place]} is due there" if place < len(known) else "the path ends before"
            )
            raise LabError(
                f"commit {place + 1} says step {name}, and {expected}",
                "keep one commit per step, in order; a new step is described in diffs/README.md",
            )
    if len(names) <= len(route.steps):
        raise LabError(
            f"the history ends with step {names[-1]}, and {route.steps[-1].name} is missing",
            "rebase the later steps onto it: git rebase --onto HEAD OLD_COMMIT main",
        )
    return allowed[: len(names) - 1]


def _refuse_foreign(store: Store, point: Point) -> None:
    for path, entry in store.files(point.tree).items():
        if is_own(path):
            raise LabError(
                f"step {point.name} holds {path}; {', '.join(OWN_FILES)} belong to the phases "
                "and lie outside their history",
                "take it out of that commit and change it in the checkout",
            )
        if entry.mode == SUBMODULE:
            raise LabError(f"step {point.name} holds {path}, a repository of its own")


def _refuse_unrecorded(
    store: Store, described: list[tuple[PathPhase, StepNotes]], new: list[Point]
) -> None:
    """Refuse to write over a phase's directory that no recorded step stands for."""
    for (phase, said), point in zip(described, new[1:], strict=True):
        if not phase.recorded and store.snapshot(phase.directory) not in (
            store.empty(),
            point.tree,
        ):
            raise LabError(
                f"{phase.directory.name} holds files of a step that is not recorded",
                f"record it (./lab history record {said.name}) or move them away",
            )


def _patches(
    store: Store,
    described: list[tuple[PathPhase, StepNotes]],
    old: list[Point],
    new: list[Point],
) -> Iterator[tuple[PathPhase, StepNotes, bytes]]:
    """Make and check the patch of every step whose trees have changed; yield the new texts."""
    for place, (phase, said) in enumerate(described, start=1):
        pair = (new[place - 1].tree, new[place].tree)
        if place < len(old) and pair == (old[place - 1].tree, old[place].tree):
            continue
        text = patch.render(store, *pair, said.order)
        patch.check(store, pair[0], text, pair[1], said.file_name)
        file = phase.diffs / said.file_name
        if not file.is_file() or file.read_bytes() != text:
            yield phase, said, text


def _write_snapshots(store: Store, route: Route, new: list[Point]) -> dict[str, list[str]]:
    last = {point.name.split(".")[0]: point.tree for point in new}
    directories = {str(phase.number): phase.directory for phase in route.all_phases}
    changed = {}
    for number, tree in last.items():
        directory = directories[number]
        if paths := store.write_out(tree, directory):
            store.checkout.announce(directory / path for path in paths)
            changed[directory.name] = paths
    return changed


def _move_refs(git: Git, new: list[Point]) -> None:
    """Make an export stand for the checkout as it is now, so that it can be used again."""
    ids = git.text("rev-list", "--reverse", "HEAD").split("\n")
    refs = {EXPORTED: ids[-1]}
    for point, commit in zip(new, ids, strict=True):
        refs[f"refs/tags/phase{point.name.split('.')[0]}"] = commit  # the last of a phase stays
    for ref, commit in refs.items():
        git("update-ref", ref, commit)


def _write_patch(phase: PathPhase, said: StepNotes, text: bytes) -> str:
    (phase.diffs / said.file_name).write_bytes(text)
    readme = phase.diffs / notes.NAME
    readme.write_text(size.refreshed(readme), encoding="utf-8")
    return said.file_name
