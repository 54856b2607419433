"""The table of parts is complete, and names what exists."""

import subprocess

import pytest

from gate.parts import OWN, SHORT, STANDS_ON, Part, parts, touched_tests
from lab import phases
from lab.paths import ROOT
from lab.steps.layout import lay_out
from lab.steps.route import Route, Step
from lab.testing.targets import STANDALONE

PARTS = parts(everything=False)
BY_NAME = {part.name: part for part in PARTS}
ALWAYS = ("up", "native")


def test_every_name_is_there_once() -> None:
    assert len(BY_NAME) == len(PARTS)


@pytest.mark.parametrize("phase", phases.built(), ids=lambda phase: phase.name)
def test_every_phase_is_proven_on_both_engines_in_every_run_and_whole_when_it_changed(
    phase: phases.Phase,
) -> None:
    number = phase.name.removeprefix("phase")
    assert all(BY_NAME[f"{kind}-{number}"].stands_on is None for kind in ALWAYS)
    docker = BY_NAME[f"docker-{number}"]
    assert docker.short is not None
    assert docker.short.first == (*docker.first, SHORT)
    for part in (docker, BY_NAME[f"lesson-{number}"]):
        assert phase.directory.name in (part.stands_on or ())


def test_everything_that_has_tests_is_a_part() -> None:
    assert {*STANDALONE, "web"} <= set(BY_NAME)


@pytest.mark.parametrize(
    "part", [part for part in PARTS if part.stands_on], ids=lambda part: part.name
)
def test_what_a_part_stands_on_exists(part: Part) -> None:
    """A directory that was moved would never be seen to change."""
    for spec in part.stands_on or ():
        name = spec.removeprefix(":(exclude)")
        found = subprocess.run(
            ["git", "ls-files", "--", name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert found.stdout, f"{part.name} stands on {spec}, and there is nothing of that name"


def test_the_tests_of_a_part_are_what_it_stands_on() -> None:
    for name in STANDS_ON:
        assert f"common/{name}" in (BY_NAME[name].stands_on or ())


def test_what_uses_one_port_one_place_or_one_image_never_runs_at_once() -> None:
    for number in (phase.name.removeprefix("phase") for phase in phases.built()):
        assert BY_NAME[f"up-{number}"].turn == BY_NAME[f"docker-{number}"].turn != ""
    assert BY_NAME["lab"].turn == BY_NAME["docker-0"].turn


BETWEEN = [step for phase in Route(ROOT).phases for step in phase.steps[:-1]]


@pytest.mark.parametrize("step", BETWEEN, ids=lambda step: step.name)
def test_a_step_between_runs_the_test_files_that_its_patch_touches(step: Step) -> None:
    lay_out(ROOT, step.name)
    files = touched_tests(step)
    assert files
    assert all((ROOT / file).is_file() for file in files)
    part = BY_NAME[f"step-{step.name}"]
    assert part.first[-2:] == (SHORT, f"{OWN}={','.join(files)}")
    assert str(step.file.relative_to(ROOT)) in (part.stands_on or ())


def test_a_step_stands_on_no_patch_that_comes_after_it() -> None:
    for step in BETWEEN:
        later = f"{step.phase}.{step.number + 1}-"
        assert not [spec for spec in BY_NAME[f"step-{step.name}"].stands_on or () if later in spec]


def test_all_leaves_nothing_out() -> None:
    everything = {part.name: part for part in parts(everything=True)}
    assert {part.name for part in PARTS if part.kind != "step"} <= set(everything)
    for step in BETWEEN:
        native, docker = (everything[f"whole-{step.name}{engine}"] for engine in ("", "-docker"))
        assert docker.docker
        assert not [word for word in (*native.first, *docker.first) if word.startswith("--gate")]
