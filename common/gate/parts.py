"""What the gate can run: a table that grows with the tree; docs/contributing.md has it in words."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab import phases
from lab.paths import ROOT
from lab.phases import Phase
from lab.steps.route import Route

LAB = str(ROOT / "lab")
PYTEST = ("--", "-p", "gate.plugin")
SHORT = "--gate-short"
CONTRACT = "--gate-contract"
BLOCKS = "test_a_block_of_commands_does_what_it_shows"

# What parts stand on, as git's pathspecs.
ENGINE = ("lab", "requirements.lock", "common/lab", ":(exclude)common/lab/tests")
DOCKER = (
    *("requirements.lock", "pyproject.toml", "common/contract", "common/web"),
    *("common/lab/docker", "common/lab/compose", "common/lab/testing", ":(glob)common/lab/*.py"),
)
TESTED_ON_PHASE_0 = (
    *ENGINE,
    *("pyproject.toml", "phase0-mvp", "common/contract", "common/web", "common/world"),
)
STANDS_ON = {
    "lab": (
        *("lab", "requirements.lock", "pyproject.toml", "phase0-mvp", "phase*/compose.yaml"),
        *("common/lab", "common/contract", "common/web", "common/world"),
        *(
            f":(glob)common/{name}/*.py" for name in ("docs", "drill", "load")
        ),  # its commands import
    ),
    "web": TESTED_ON_PHASE_0,
    "load": (*TESTED_ON_PHASE_0, "common/load"),
    "drill": (*TESTED_ON_PHASE_0, "common/drill", "common/load"),
}


@dataclass(frozen=True)
class Part:
    """One process of the gate.

    again: the command of a second try; empty for what is no test run.
    stands_on: it may be left out while none of this has changed; None: it always runs.
    turn: parts with the same turn never run at once; None: nothing runs beside it.
    """

    name: str
    title: str
    first: tuple[str, ...]
    again: tuple[str, ...] = ()
    stands_on: tuple[str, ...] | None = None
    docker: bool = False
    turn: str | None = None

    @property
    def kind(self) -> str:
        """What `--only` takes beside the name: `native` for native-3."""
        return self.name.partition("-")[0]


def parts(*, everything: bool) -> list[Part]:
    """Return what there is to run in this checkout, in order; quick ones first.

    With everything, steps between phases too are tested whole, and on both engines.
    """
    built = phases.built()
    found = [
        _tests("gate", "this gate", ["gate"]),
        Part("lint", "ruff, mypy, schemas and the lock", (LAB, "lint")),
        Part("history", "the patches make the phases", (LAB, "history", "verify")),
        *map(_up, built),
        *map(_natively, built),
        *map(_under_docker, built),
        *(_whole_under_docker(phase, own=everything) for phase in built),
    ]
    for step in _between():
        found += _whole_step(step) if everything else [_short_step(step)]
    found += [_documents(built), *map(_lesson, built)]
    return found + [_standalone(name) for name in STANDS_ON]


def _tests(
    name: str,
    title: str,
    words: Sequence[str],
    arguments: Sequence[str] = (),
    *,
    stands_on: tuple[str, ...] | None = None,
    turn: str | None = None,
) -> Part:
    command = (LAB, "test", *words, *PYTEST, *arguments)
    return Part(name, title, command, command, stands_on, "--docker" in words, turn)


def _number(phase: Phase) -> str:
    return phase.name.removeprefix("phase")


def _visit(phase: Phase, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "gate.visit", _number(phase), *arguments)


def _up(phase: Phase) -> Part:
    title = f"{phase.label} comes up as processes, is ready, goes down"
    return Part(f"up-{_number(phase)}", title, _visit(phase, "--native"))


def _natively(phase: Phase) -> Part:
    number = _number(phase)
    title = f"{phase.label} as processes: its own tests and the whole contract"
    return _tests(f"native-{number}", title, [number, "--native"], turn=f"native-{number}")


def _under_docker(phase: Phase) -> Part:
    """Compose it as people do; a test that fails there is tried again in an instance of its own."""
    number = _number(phase)
    return Part(
        f"docker-{number}",
        f"{phase.label} under Docker: up, ready, a short run of the contract, down",
        _visit(phase, "--docker", *PYTEST, SHORT),
        (LAB, "test", number, "--docker", *PYTEST),
        docker=True,
        turn=f"docker-{number}",
    )


def _whole_under_docker(phase: Phase, *, own: bool) -> Part:
    """Leave out its own tests, if need be: they start what they need as processes anyway."""
    number = _number(phase)
    what = "its own tests and the whole contract" if own else "the whole contract"
    return _tests(
        f"whole-{number}",
        f"{phase.label} under Docker: {what}",
        [number, "--docker"],
        [] if own else [CONTRACT],
        stands_on=(phase.directory.name, *DOCKER),
        turn=f"docker-{number}",
    )


def _between() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the steps that are no phase's last, and what their trees are made of."""
    known = Route(ROOT).all_phases
    for before, phase in pairwise(known):
        made_of = (before.directory.name, f"{phase.directory.name}/diffs", "common/contract")
        for step in phase.steps[:-1]:
            yield step.name, made_of


def _short_step(step: tuple[str, tuple[str, ...]]) -> Part:
    name, made_of = step
    title = f"step {name} as processes: its own tests and a short run of the contract"
    words = [name, "--native"]
    return _tests(f"step-{name}", title, words, [SHORT], stands_on=made_of, turn=f"native-{name}")


def _whole_step(step: tuple[str, tuple[str, ...]]) -> list[Part]:
    name, made_of = step
    what = "its own tests and the whole contract"
    return [
        _tests(
            f"step-{name}",
            f"step {name} as processes: {what}",
            [name, "--native"],
            stands_on=made_of,
            turn=f"native-{name}",
        ),
        _tests(
            f"step-{name}-docker",
            f"step {name} under Docker: {what}",
            [name, "--docker"],
            stands_on=made_of,
            turn=f"docker-{name[0]}",  # it has the image's name in common with its phase
        ),
    ]


def _documents(built: Sequence[Phase]) -> Part:
    lessons = " or ".join(f"{phase.directory.name}/" for phase in built)
    title = "documents: links, quotes, figures, pictures, and the commands outside of lessons"
    return _tests("docs", title, ["docs"], ["-k", f"not ({BLOCKS} and ({lessons}))"])


def _lesson(phase: Phase) -> Part:
    number = _number(phase)
    below = [one.directory.name for one in phases.built() if one.port <= phase.port]
    return _tests(
        f"lesson-{number}",
        f"the commands in the lesson of {phase.label}",
        ["docs"],
        ["-k", f"{BLOCKS} and {phase.directory.name}/"],
        stands_on=(
            *below,
            *("lab", "requirements.lock", "pyproject.toml", "common"),
            ":(exclude)common/gate",
            *(f":(exclude)common/{name}/tests" for name in ("drill", "lab", "load", "web")),
        ),
    )


def _standalone(name: str) -> Part:
    return _tests(name, f"tests of {name}", [name], stands_on=STANDS_ON[name])
