"""The table of parts is complete, and names what exists."""

import subprocess

import pytest

from gate.parts import STANDS_ON, Part, parts
from lab import phases
from lab.paths import ROOT
from lab.testing.targets import STANDALONE

PARTS = parts(everything=False)
BY_NAME = {part.name: part for part in PARTS}
ALWAYS = ("up", "native", "docker")


def test_every_name_is_there_once() -> None:
    assert len(BY_NAME) == len(PARTS)


@pytest.mark.parametrize("phase", phases.built(), ids=lambda phase: phase.name)
def test_every_phase_is_proven_in_every_run_and_whole_under_docker_when_it_changed(
    phase: phases.Phase,
) -> None:
    number = phase.name.removeprefix("phase")
    assert all(BY_NAME[f"{kind}-{number}"].stands_on is None for kind in ALWAYS)
    for kind in ("whole", "lesson"):
        assert phase.directory.name in (BY_NAME[f"{kind}-{number}"].stands_on or ())


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


def test_systems_share_the_machine_and_nothing_else_does() -> None:
    shared = {part.kind for part in PARTS if part.turn is not None}
    assert shared <= {"native", "docker", "whole", "step"}


def test_all_leaves_nothing_out() -> None:
    everything = {part.name: part for part in parts(everything=True)}
    assert set(BY_NAME) <= set(everything)
    for phase in phases.built():
        whole = everything[f"whole-{phase.name.removeprefix('phase')}"]
        assert not [word for word in whole.first if word.startswith("--gate")]
