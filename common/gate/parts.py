"""What the gate can run: a table that grows with the tree; docs/contributing.md has it in words."""

import filecmp
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from lab import phases
from lab.paths import ROOT
from lab.phases import Phase
from lab.steps.patch import added_lines
from lab.steps.route import Route, Step

LAB = str(ROOT / "lab")
PYTEST = ("--", "-p", "gate.plugin")
SHORT = "--gate-short"
OWN = "--gate-own"
SYSTEM = ("-m", "not offline")  # what speaks of the contract's documents alone runs with phase 0
APART = ("README.md", "architecture.*", "diffs")  # a phase's own, and in no patch
BLOCKS = "test_a_block_of_commands_does_what_it_shows"

# What parts stand on, as git's pathspecs. Of pyproject.toml nothing does: it is met by every run.
ENGINE = ("lab", "requirements.lock", "common/lab", ":(exclude)common/lab/tests")
DOCKER = ("common/lab/docker", "common/lab/compose")
SERVED = ("common/contract", ":(exclude)common/contract/tests", "common/web")  # by every phase
TESTED_ON_PHASE_0 = (*ENGINE, "phase0-mvp", *SERVED, "common/world")
STANDS_ON = {
    "lab": (
        *("lab", "requirements.lock", "phase0-mvp", "phase*/compose.yaml"),
        *("common/lab", *SERVED, "common/world"),
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
    short: what runs in its place then, if anything does; a part of it, so it is proven as well.
    turn: parts with the same turn never run at once; without one, a part runs beside any other.
    """

    name: str
    title: str
    first: tuple[str, ...]
    again: tuple[str, ...] = ()
    stands_on: tuple[str, ...] | None = None
    short: "Part | None" = None
    docker: bool = False
    turn: str = ""

    @property
    def kind(self) -> str:
        """What `--only` takes beside the name: `native` for native-3."""
        return self.name.partition("-")[0]

    def proves(self) -> "Iterator[Part]":
        """Yield it, and each shorter run that it is more than."""
        yield self
        if self.short:
            yield from self.short.proves()


def parts(*, everything: bool) -> list[Part]:
    """Return what there is to run in this checkout, in order; what takes longest does not end it.

    With everything, steps between phases too are tested whole, and on both engines.
    """
    built = phases.built()
    found = [
        _tests("gate", "this gate", ["gate"]),
        Part("lint", "ruff, mypy, schemas and the lock", (LAB, "lint")),
        Part("history", "the patches make the phases", (LAB, "history", "verify")),
        *map(_up, built),
        _standalone("lab", turn=_turn("0")),  # it builds phase 0's image too
        _standalone("web", "--native"),
        # The newest takes longest.
        *(_natively(phase, newest=phase == built[-1] or everything) for phase in reversed(built)),
        *(_under_docker(phase.label, phase.directory) for phase in built[:-1]),
        _under_docker(built[-1].label, built[-1].directory, DOCKER),  # meets all that they do
        *(_standalone(name) for name in ("load", "drill")),
    ]
    for step in between():
        found += _whole_step(step) if everything else [_short_step(step)]
    return [*found, _documents(built), *map(_lesson, built)]


def _tests(
    name: str,
    title: str,
    words: Sequence[str],
    arguments: Sequence[str] = (),
    *,
    stands_on: tuple[str, ...] | None = None,
    turn: str = "",
) -> Part:
    command = (LAB, "test", *words, *PYTEST, *arguments)
    return Part(name, title, command, command, stands_on, turn=turn)


def _number(phase: Phase) -> str:
    return phase.name.removeprefix("phase")


def _turn(number: str) -> str:
    """Return the turn of what `lab up` runs of a phase, or builds: a port, a place, an image."""
    return f"up-{number}"


def _tree(directory: Path) -> tuple[str, ...]:
    """Return what a phase's system is made of, as pathspecs: what is in a step's tree."""
    apart = [one for name in APART for one in sorted(directory.glob(name))]
    return (directory.name, *(f":(exclude){one.relative_to(ROOT)}" for one in apart))


def _visit(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "gate.visit", name, *arguments)


def _up(phase: Phase) -> Part:
    number = _number(phase)
    title = f"{phase.label} comes up as processes, is ready, goes down"
    return Part(f"up-{number}", title, _visit(number, "--native"), turn=_turn(number))


def _natively(phase: Phase, *, newest: bool) -> Part:
    """Run its own tests if the phase has changed, the contract if what all phases share has.

    Its own import nothing of what all share; what that does wrong, the contract's tests meet.
    """
    number = _number(phase)
    words, contract = [number, "--native"], () if number == "0" else SYSTEM
    title = f"{phase.label} as processes: "
    short = _tests(
        f"native-{number}-short",
        f"{title}up, ready, a short run of the contract",
        words,
        [f"{OWN}=", SHORT],
    )
    tree = _tree(phase.directory)
    middle = _tests(
        f"native-{number}-contract",
        f"{title}the whole contract",
        words,
        [f"{OWN}=", *contract],
        stands_on=(*tree, *ENGINE, "common/contract", "common/web"),
    )
    own = () if newest or number == "0" else (f"{OWN}={','.join(new_tests(phase))}",)
    title += "its own tests and the whole contract"
    whole = _tests(f"native-{number}", title, words, [*own, *contract], stands_on=tree)
    return replace(whole, short=replace(middle, short=short))


def new_tests(phase: Phase) -> list[str]:
    """Return the test files of a phase that are not byte for byte those of the phase before."""
    built = phases.built()
    before = built[built.index(phase) - 1].directory
    return sorted(
        str(one.relative_to(ROOT))
        for one in phase.directory.rglob("test_*.py")
        if not _is_same(one, before / one.relative_to(phase.directory))
    )


def _is_same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _under_docker(label: str, directory: Path, engine: tuple[str, ...] = ()) -> Part:
    """Compose it as people do; a test that fails there is tried again in an instance of its own.

    A phase's own tests start what they need as processes, so they have nothing to say here. Nor
    has its Python, which the whole contract meets natively: what differs here is all the rest.
    `engine`: what of `lab` it stands on besides.
    """
    name = label.rsplit(maxsplit=1)[-1]
    short = Part(
        f"docker-{name}-short",
        f"{label} under Docker: up, ready, a short run of the contract, down",
        _visit(name, "--docker", *PYTEST, SHORT),
        (LAB, "test", name, "--docker", *PYTEST),
        docker=True,
        turn=_turn(name[0]),
    )
    return replace(
        short,
        name=f"docker-{name}",
        title=f"{label} under Docker: up, ready, the whole contract, down",
        first=_visit(name, "--docker", *PYTEST, *SYSTEM),
        stands_on=(*_tree(directory), f":(exclude){directory.name}/*.py", *engine),
        short=short,
    )


def between() -> Iterator[Step]:
    """Yield the steps that are no phase's last."""
    for phase in Route(ROOT).all_phases:
        yield from phase.steps[:-1]


def _short_step(step: Step) -> Part:
    title = f"step {step.name} as processes: the tests of its patch and a short run of the contract"
    own = f"{OWN}={','.join(touched_tests(step))}"
    words = [step.name, "--native"]
    patch = str(step.file.relative_to(ROOT))
    return _tests(f"step-{step.name}", title, words, [SHORT, own], stands_on=(patch,))


def touched_tests(step: Step) -> list[str]:
    """Return the test files that a step's patch adds or touches, as they are laid out."""
    touched = map(PurePath, added_lines(step.file.read_bytes()))
    tests = [one for one in touched if "tests" in one.parts and one.match("test_*.py")]
    return [str(PurePath(".lab", "steps", step.name, one)) for one in tests]


def _whole_step(step: Step) -> list[Part]:
    title = f"step {step.name} as processes: its own tests and the whole contract"
    docker = _under_docker(f"step {step.name}", step.file.parents[1])
    return [
        _tests(f"whole-{step.name}", title, [step.name, "--native"]),
        replace(docker, name=f"whole-{step.name}-docker"),
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
            *("lab", "requirements.lock", "common"),
            ":(exclude)common/gate",
            *(f":(exclude)common/{name}/tests" for name in ("drill", "lab", "load", "web")),
        ),
    )


def _standalone(name: str, *options: str, turn: str = "") -> Part:
    words = [name, *options]
    return _tests(name, f"tests of {name}", words, stands_on=STANDS_ON[name], turn=turn)
