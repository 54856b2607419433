"""A step as an exercise: the tree before it, the interfaces its tests import, and its tests."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.steps import notes
from lab.steps.notes import ExerciseNotes
from lab.steps.route import PathPhase, Step, Trees
from lab.steps.store import Store
from lab.steps.stubs import stubs

_TESTS = "tests/"
_TEST_FILE = re.compile(r"tests/(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")


@dataclass(frozen=True)
class Exercise:
    """A step's exercise: the trees it is made of, and what it consists of.

    laid_out is what the learner starts from; tests are the step's test files in it, untouchable
    those and what else of the step lies under tests/.
    """

    step: Step
    phase: PathPhase
    before: str
    after: str
    laid_out: str
    tests: tuple[str, ...]
    stubs: tuple[str, ...]
    untouchable: tuple[str, ...]

    @property
    def notes(self) -> ExerciseNotes:
        """What diffs/README.md says about it."""
        return self.step.notes.exercise if self.step.notes else ExerciseNotes()

    @property
    def idea(self) -> str:
        """The step's idea in a sentence."""
        return self.step.notes.idea if self.step.notes else ""

    @property
    def origin(self) -> str:
        """The step or phase that it starts from, as a person names it."""
        phase, number = self.step.phase, self.step.number
        return f"{phase}.{number - 1}" if number > 1 else str(phase - 1)


def prepare(trees: Trees, name: str) -> Exercise:
    """Make the trees of a step's exercise. Raises LabError."""
    store, step = trees.store, trees.route.step(name)
    before, after = trees.before(step.phase, step.number), trees.after(step)
    said = step.notes.exercise if step.notes else ExerciseNotes()
    changed = [change.path for change in store.changes(before, after)]
    changed_tests = [path for path in changed if _TEST_FILE.fullmatch(path)]
    chosen = _chosen(said.tests or (_TESTS,), changed_tests)
    complete = store.files(after)
    tests = [path for path in chosen if path in complete]
    if not tests:
        raise LabError(
            f"step {name} changes no test that an exercise could be checked by",
            "its diffs/README.md may name some under Exercise: - tests: `tests/…`",
        )
    support = [one for one in changed if one.startswith(_TESTS) and not _TEST_FILE.fullmatch(one)]
    given = _chosen(said.given, changed)
    tree = store.combine(before, after, [*chosen, *support, *given])
    made = _stubs(store, tree, after, tests, _chosen(said.stubs, changed))
    laid_out = _with_files(store, tree, made)
    present = store.files(laid_out)
    untouchable = tuple(path for path in [*tests, *support] if path in present)
    phase = trees.route.phase(step.phase)
    return Exercise(step, phase, before, after, laid_out, tuple(tests), tuple(made), untouchable)


def directory(root: Path, name: str) -> Path:
    """Return where the learner works on a step: beside the phases, so that ../common resolves."""
    return root / f"exercise-{name}"


def solution_directory(root: Path, name: str) -> Path:
    """Return where the solution goes: beside the learner's work."""
    return root / f"exercise-{name}-solution"


def begin(store: Store, exercise: Exercise, target: Path) -> list[str]:
    """Lay an exercise out; in a directory that exists, put back only tests that are missing.

    Returns the paths written.
    """
    if target.exists() and not target.is_dir():
        raise LabError(f"{target} is no directory", "the exercise goes there: move it away")
    if not target.exists() or not any(target.iterdir()):
        return store.write_out(exercise.laid_out, target)
    present = store.snapshot(target)
    held = store.files(present)
    missing = [
        path
        for path in exercise.untouchable
        if path not in held and not (target / path).exists()  # git may be told to ignore it
    ]
    return store.write_out(store.combine(present, exercise.laid_out, missing), target)


def altered_tests(store: Store, exercise: Exercise, target: Path) -> list[str]:
    """Return the step's tests that are not the step's any more: changed or missing."""
    present = store.files(store.snapshot(target))
    wanted = store.files(exercise.laid_out)
    return [path for path in exercise.untouchable if present.get(path) != wanted[path]]


def solve(store: Store, exercise: Exercise, target: Path) -> None:
    """Write the step's own solution. Raises UsageError if something else is there."""
    if target.exists() and store.snapshot(target) != exercise.after:
        raise UsageError(
            f"{target.name} exists, and it is not the solution as it is written",
            f"it is not overwritten; move it away: mv {target.name} {target.name}-mine",
        )
    store.write_out(exercise.after, target)


def _chosen(patterns: tuple[str, ...], paths: list[str]) -> list[str]:
    return [path for path in paths if any(notes.matches(path, pattern) for pattern in patterns)]


def _stubs(
    store: Store, tree: str, after: str, tests: list[str], extra: list[str]
) -> dict[str, str]:
    before, complete = _python(store, tree), _python(store, after)
    support = [path for path in complete if path.startswith(_TESTS) and path in before]
    return stubs(before, complete, [*tests, *support], [one for one in extra if one in complete])


def _python(store: Store, tree: str) -> dict[str, str]:
    entries = {path: one for path, one in store.files(tree).items() if path.endswith(".py")}
    contents = store.contents(entry.blob for entry in entries.values())
    return {path: contents[entry.blob].decode(errors="replace") for path, entry in entries.items()}


def _with_files(store: Store, tree: str, files: dict[str, str]) -> str:
    """Return a tree with these text files in it, formatted."""
    for path, text in files.items():
        tree = store.put(tree, path, _formatted(text))
    return tree


def _formatted(text: str) -> bytes:
    words = [sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "100", "-"]
    done = subprocess.run(words, input=text.encode(), capture_output=True, check=True)
    return done.stdout


def next_hint(root: Path, name: str, count: int) -> int:
    """Return the number of the hint to show, from 1; the last one again when all are shown."""
    file = root / ".lab" / "steps" / f"{name}.hints"
    file.parent.mkdir(parents=True, exist_ok=True)
    shown = int(file.read_text(encoding="ascii")) if file.is_file() else 0
    file.write_text(str(min(shown + 1, count)), encoding="ascii")
    return min(shown + 1, count)


def task(exercise: Exercise) -> str:
    """Return the README.md of a learner's directory."""
    name, said = exercise.step.name, exercise.step.notes
    title = f"# Exercise {name}: {said.title}" if said else f"# Exercise {name}"
    parts = [
        title,
        exercise.idea,
        exercise.notes.task,
        _list("To be written (stubs that its tests import):", exercise.stubs),
        _list("Its tests, which stay as they are:", exercise.tests),
        "\n".join(f"    ./lab exercise {name} --{word}" for word in ("check", "hint", "solve")),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _list(title: str, paths: tuple[str, ...]) -> str:
    return "\n".join([title, "", *(f"- `{path}`" for path in paths)]) if paths else ""
