"""The commits of the path: what they say, and what a repository's commits say they are."""

import re
from dataclasses import dataclass

from lab.errors import LabError
from lab.steps.route import Trees
from lab.steps.store import Store

_TRAILER = re.compile(r"^Step: (\d+(?:\.\d+)?)$", re.MULTILINE)


@dataclass(frozen=True)
class Point:
    """One commit to be: name is a step's, or 0 for the tree that the path starts from."""

    name: str
    tree: str
    message: str


def points(trees: Trees) -> list[Point]:
    """Return the commits of the path in order; their number and messages never vary."""
    first = trees.route.phases[0]
    message = f"0 {first.title}\n\nThe system that the path starts from.\n\nStep: 0\n"
    found = [Point("0", trees.phase(0), message)]
    for step in trees.route.steps:
        text = step.notes.message if step.notes else ""
        found.append(Point(step.name, trees.after(step), text))
    return found


def read(store: Store, ref: str) -> list[Point]:
    """Return the commits up to a ref, oldest first. Raises LabError unless each is one step."""
    output = store.git("log", "--reverse", "-z", "--format=%h %T %P%n%B", ref).decode()
    found = []
    for record in output.rstrip("\0").split("\0"):
        head, _, message = record.partition("\n")
        short, tree, *parents = head.split()
        if len(parents) > 1:
            raise LabError(f"commit {short} is a merge; the path is a line", "rebase instead")
        steps = set(_TRAILER.findall(message))
        if len(steps) != 1:
            subject = message.split("\n", 1)[0]
            raise LabError(
                f"commit {short} ({subject}) says {'two steps' if steps else 'no step'}; "
                "each commit is one step, named by a last line such as Step: 1.2",
                "fold it into its step: git rebase --interactive --root, with fixup",
            )
        found.append(Point(steps.pop(), tree, message))
    return found
