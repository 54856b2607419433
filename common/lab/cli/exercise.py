"""`lab exercise`."""

from pathlib import Path

import click

from lab.cli import complete, test
from lab.cli.console import note, say
from lab.errors import LabError, UsageError
from lab.paths import ROOT
from lab.steps import exercise
from lab.steps.exercise import Exercise
from lab.steps.layout import copy_lesson
from lab.steps.route import Route, Trees
from lab.steps.store import Store, open_store
from lab.testing.pytest_run import run


@click.command("exercise")
@click.argument("step", shell_complete=complete.steps)
@click.option(
    "--check", "what", flag_value="check", help="Run the step's tests, then the contract."
)
@click.option("--hint", "what", flag_value="hint", help="Show the next hint.")
@click.option("--solve", "what", flag_value="solve", help="Write the solution beside your work.")
def command(step: str, what: str | None) -> int:
    """Try STEP (1.2) yourself: lay out the tree before it, with its tests and their stubs.

    Your work lies in exercise-STEP and is never overwritten. Called again, it puts back tests
    that are missing there.
    """
    with open_store(ROOT) as store:
        made = exercise.prepare(Trees(store, Route(ROOT)), step)
        target = exercise.directory(ROOT, step)
        if what is None:
            return _begin(store, made, target)
        if what == "hint":
            return _hint(made)
        if what == "solve":
            return _solve(store, made, target)
        _require_untouched(store, made, target)
    return _check(made, target)


def _begin(store: Store, made: Exercise, target: Path) -> int:
    existed = target.exists()
    written = exercise.begin(store, made, target)
    if existed:
        say(f"{target.name} exists and stays as it is.")
        for path in written:
            say(f"  put back: {path}")
    else:
        copy_lesson(made.phase, target)
        (target / "README.md").write_text(exercise.task(made), encoding="utf-8")
        say(f"{target.name} is laid out; its README.md says what to do.")
    name = made.step.name
    say("\n  to be written:  " + (", ".join(made.stubs) or "see the tests"))
    say("  its tests:      " + ", ".join(made.tests))
    say(f"\n  ./lab exercise {name} --check    run its tests, then the contract")
    say(f"  ./lab exercise {name} --hint     the next of {len(made.notes.hints)} hints")
    say(f"  ./lab exercise {name} --solve    the solution, beside your work")
    say(f"  ./lab up {target.name}        start what you have")
    return 0


def _hint(made: Exercise) -> int:
    hints = made.notes.hints
    if not hints:
        say(f"step {made.step.name} has no hints; its idea: {made.idea}")
        return 0
    shown = exercise.next_hint(ROOT, made.step.name, len(hints))
    say(f"{shown} of {len(hints)}: {hints[shown - 1]}")
    return 0


def _solve(store: Store, made: Exercise, target: Path) -> int:
    solution = exercise.solution_directory(ROOT, made.step.name)
    exercise.solve(store, made, solution)
    copy_lesson(made.phase, solution)
    say(f"{solution.name} holds the tree after step {made.step.name}. What is different:")
    say(f"  git diff --no-index {target.name} {solution.name}")
    say(f"The step as it was written: ./lab diff {made.origin} {made.step.name}")
    return 0


def _require_untouched(store: Store, made: Exercise, target: Path) -> None:
    if not target.is_dir():
        raise UsageError(
            f"there is no {target.name} yet", f"lay it out: ./lab exercise {made.step.name}"
        )
    altered = exercise.altered_tests(store, made, target)
    if altered:
        raise LabError(
            f"{target.name}/{altered[0]} is not the step's own test any more",
            f"move it away (tests of yours go into other files), then: "
            f"./lab exercise {made.step.name}",
        )


def _check(made: Exercise, target: Path) -> int:
    note(f"The tests of step {made.step.name}:")
    outcome = run([target / path for path in made.tests], [], url=None, imports=[target])
    if outcome.code != 0:
        note("All its other tests and the contract suite follow when these pass.")
        return outcome.code
    note("All its tests and the contract suite:")
    code = int(test.command.main([str(target)], "lab test", standalone_mode=False))
    if code == 0:
        say(f"Step {made.step.name} is done. Compare: ./lab exercise {made.step.name} --solve")
    return code
