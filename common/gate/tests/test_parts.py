"""The table of parts is complete, and names what exists."""

import subprocess
from pathlib import Path

import pytest

from gate.parts import (
    OWN,
    SHORT,
    STANDS_ON,
    SYSTEM,
    Part,
    between,
    new_tests,
    parts,
    touched_tests,
)
from lab import phases
from lab.paths import ROOT
from lab.steps.layout import lay_out
from lab.steps.route import Route, Step
from lab.testing.targets import STANDALONE

PARTS = parts(everything=False)
BY_NAME = {part.name: part for part in PARTS}


def test_every_name_is_there_once() -> None:
    assert len(BY_NAME) == len(PARTS)


def git_files(*specs: str) -> set[str]:
    command = ["git", "ls-files", "--", *specs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("phase", phases.built(), ids=lambda phase: phase.name)
def test_every_phase_is_proven_on_both_engines_in_every_run_and_whole_when_it_changed(
    phase: phases.Phase,
) -> None:
    number = phase.name.removeprefix("phase")
    assert BY_NAME[f"up-{number}"].stands_on is None
    whole, contract, short = BY_NAME[f"native-{number}"].proves()
    assert short.stands_on is None
    assert {f"{OWN}=", SHORT} < set(short.first)
    assert f"{OWN}=" in contract.first
    assert SHORT not in contract.first
    stands_on = git_files(*(whole.stands_on or ()))
    assert f"{phase.directory.name}/tests/running.py" in stands_on
    assert not [file for file in stands_on if file.startswith("common/")]
    shared = {"common/lab/native/engine.py", "common/contract/tests/test_auth.py"}
    assert {*stands_on, *shared} < git_files(*(contract.stands_on or ()))
    docker = BY_NAME[f"docker-{number}"]
    assert docker.short is not None
    assert (docker.short.first[-1], docker.first[-2:]) == (SHORT, SYSTEM)
    assert phase.directory.name in (BY_NAME[f"lesson-{number}"].stands_on or ())


def test_the_first_and_the_newest_phase_run_all_their_tests_those_between_what_is_new() -> None:
    """What a phase has unchanged from the one before was tested there, and is in the newest."""
    first, *between_, newest = phases.built()
    for phase in (first, newest):
        words = BY_NAME[f"native-{phase.name.removeprefix('phase')}"].first
        assert not [word for word in words if word.startswith("--gate")]
    for phase in between_:
        words = BY_NAME[f"native-{phase.name.removeprefix('phase')}"].first
        assert f"{OWN}={','.join(new_tests(phase))}" in words


def test_a_test_that_is_the_same_in_the_phase_before_is_not_new() -> None:
    new = new_tests(phases.built()[1])
    assert "phase1-foundation/tests/cache/test_cache_races.py" in new
    assert "phase1-foundation/tests/auth/test_logins.py" not in new
    assert (ROOT / "phase1-foundation/tests/auth/test_logins.py").is_file()


@pytest.mark.parametrize("phase", phases.built(), ids=lambda phase: phase.name)
def test_what_docker_makes_of_a_phase_and_processes_do_not_is_tested_whole(
    phase: phases.Phase,
) -> None:
    part = BY_NAME[f"docker-{phase.name.removeprefix('phase')}"]
    files = git_files(*(part.stands_on or ()))
    name = phase.directory.name
    assert {f"{name}/{file}" for file in ("compose.yaml", "Dockerfile", "requirements.txt")} < files
    assert (
        not {f"{name}/{file}" for file in ("README.md", "chat/app.py", "architecture.svg")} & files
    )
    assert ("common/lab/docker/engine.py" in files) is (phase == phases.built()[-1])


def test_what_needs_no_system_runs_once_with_the_first_phase() -> None:
    assert "-m" not in BY_NAME["native-0"].first
    kinds = ("native", "docker")
    others = [part for part in PARTS if part.kind in kinds and part.name[-1] != "0"]
    assert all(part.first[-2:] == SYSTEM for part in others)


def test_everything_that_has_tests_is_a_part() -> None:
    assert {*STANDALONE, "web"} <= set(BY_NAME)


@pytest.mark.parametrize(
    "part", [part for part in PARTS if part.stands_on], ids=lambda part: part.name
)
def test_what_a_part_stands_on_exists(part: Part) -> None:
    """A directory that was moved would never be seen to change."""
    for spec in part.stands_on or ():
        name = spec.removeprefix(":(exclude)")
        found = git_files(name)
        assert found, f"{part.name} stands on {spec}, and there is nothing of that name"


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
    assert part.stands_on == (str(step.file.relative_to(ROOT)),)


def test_each_step_but_the_last_of_its_phase_is_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("phase0-mvp", "phase1-foundation", "phase2-gateway"):
        (tmp_path / name / "diffs").mkdir(parents=True)
    for patch in ("phase1-foundation/diffs/1.1", *(f"phase2-gateway/diffs/2.{k}" for k in "123")):
        (tmp_path / f"{patch}-words.patch").touch()
    monkeypatch.setattr("gate.parts.ROOT", tmp_path)
    assert [step.name for step in between()] == ["2.1", "2.2"]


def test_all_leaves_nothing_out() -> None:
    everything = {part.name: part for part in parts(everything=True)}
    assert {part.name for part in PARTS if part.kind != "step"} <= set(everything)
    for step in BETWEEN:
        native, docker = (everything[f"whole-{step.name}{engine}"] for engine in ("", "-docker"))
        assert docker.docker
        assert not [word for word in (*native.first, *docker.first) if word.startswith("--gate")]
