"""The difference between two points of the path, with a summary of what moved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lab.steps import patch
from lab.steps.notes import Spot, StepNotes
from lab.steps.route import Trees
from lab.steps.store import Store

_WORDS = {"A": "added", "D": "deleted", "M": "changed", "R": "moved", "T": "changed"}
_FIRST = ("moved", "added", "changed", "deleted")


@dataclass(frozen=True)
class Comparison:
    """A title, totals in words, one line per file, and the diff itself.

    idea and read_first are a step's, where the two points are the ends of one.
    """

    title: str
    totals: str
    files: list[str]
    text: str
    idea: str = ""
    read_first: tuple[Spot, ...] = ()


def compare(trees: Trees, a: str, b: str, paths: Sequence[str], *, colour: bool) -> Comparison:
    """Compare two phases or steps as a person names them. Raises LabError."""
    store = trees.store
    (from_, old), (to, new) = trees.point(a), trees.point(b)
    said = _described(trees, old, new)
    order = [pattern for one in said for pattern in one.order]
    files, totals = _summary(store, old, new, paths)
    text = patch.show(store, old, new, order, paths, colour=colour)
    one = said[0] if len(said) == 1 else None
    return Comparison(
        f"{from_} to {to}",
        totals,
        files,
        text,
        one.idea if one else "",
        one.read_first if one else (),
    )


def _described(trees: Trees, old: str, new: str) -> list[StepNotes]:
    """Return the notes of the steps that lead from one tree to the other, none backwards."""
    route = trees.route
    after = [trees.after(step) for step in route.steps]
    ends = [trees.phase(0), *after]
    if old not in ends or new not in ends:
        return []
    steps = route.steps[ends.index(old) : ends.index(new)]
    return [step.notes for step in steps if step.notes]


def _summary(store: Store, old: str, new: str, paths: Sequence[str]) -> tuple[list[str], str]:
    words = ["-r", *patch.RENAMES]
    output = store.git("diff-tree", *words, "--name-status", "-z", old, new, "--", *paths)
    parts = iter(output.decode(errors="replace").split("\0")[:-1])
    rows: list[tuple[str, str]] = []
    for status in parts:
        path = next(parts)
        if status[0] == "R":
            alike = "" if status == "R100" else f" ({int(status[1:])} % alike)"
            path = f"{path} → {next(parts)}{alike}"
        rows.append((_WORDS[status[0]], path))
    rows.sort(key=lambda row: (_FIRST.index(row[0]), row[1]))
    counts = Counter(word for word, _ in rows)
    plus, minus = _lines(store, old, new, paths)
    totals = ", ".join(f"{counts[word]} {word}" for word in _FIRST if counts[word])
    said = f"{totals}; {plus} lines added, {minus} removed" if rows else "no difference"
    return [f"{word:<8} {path}" for word, path in rows], said


def _lines(store: Store, old: str, new: str, paths: Sequence[str]) -> tuple[int, int]:
    words = ["-r", *patch.RENAMES, "--numstat"]
    rows = store.git("diff-tree", *words, old, new, "--", *paths).decode(errors="replace")
    pairs = [row.split("\t")[:2] for row in rows.splitlines()]
    numbers = [(int(plus), int(minus)) for plus, minus in pairs if plus != "-"]  # - is binary
    return sum(plus for plus, _ in numbers), sum(minus for _, minus in numbers)
