"""What `lab test` does around pytest: a throw-away system, and the sum of what was run."""

import os
import signal
import subprocess
import sys
from functools import reduce
from operator import add
from pathlib import Path

import pytest

from lab.instance import Instance
from lab.native.engine import NativeEngine
from lab.paths import ROOT, STATE
from lab.testing import targets
from lab.testing.isolated import isolated, sweep
from lab.testing.pytest_run import Outcome, run
from lab.tests.conftest import MakeSystem, answer, marked, wait_for
from lab.tests.test_lifecycle import ONE

# Plugins that these runs have no use for, and that take a second to import.
LIGHT = ["-q", "-p", "no:schemathesis", "-p", "no:locust", "-p", "no:hypothesispytest"]

# The command itself, on a checkout without the contract suite.
WITHOUT_CONTRACT = """\
import pathlib
from lab.testing import targets
targets.CONTRACT = pathlib.Path("/nowhere")
from lab.cli.main import main
main()
"""

MIXED = """\
import pytest
def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("why")
@pytest.fixture
def broken(): raise OSError
def test_errs(broken): pass
"""


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (MIXED, Outcome(1, passed=1, failed=2, skipped=1)),
        ("def test_passes(): pass", Outcome(0, passed=1)),
        ("", Outcome(5, failed=1)),
    ],
)
def test_every_test_is_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, outcome: Outcome
) -> None:
    (tmp_path / "test_it.py").write_text(text)
    assert run([tmp_path], LIGHT, url=None, imports=()) == outcome


def test_sums_keep_the_first_bad_code() -> None:
    runs = [Outcome(0, passed=2), Outcome(2, failed=1), Outcome(1, failed=1, skipped=3)]
    assert reduce(add, runs) == Outcome(2, passed=2, failed=2, skipped=3)


def test_a_run_in_which_nothing_was_to_run_adds_nothing_to_another() -> None:
    nothing, some = Outcome(5, failed=1), Outcome(0, passed=2)
    assert nothing + some == some + nothing == some
    assert nothing + nothing == nothing


def test_tests_of_a_phase_see_its_modules(tmp_path: Path) -> None:
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "only_here.py").write_text("")
    (tmp_path / "test_it.py").write_text("import only_here\ndef test_it(): pass")
    assert run([tmp_path], LIGHT, url=None, imports=[tmp_path / "system"]).passed == 1


def test_an_isolated_instance_touches_neither_the_running_one_nor_its_data(
    make_system: MakeSystem,
) -> None:
    system = make_system(ONE, name=f"lab-test-isolated-{os.getpid()}")
    phase, engine = system.instance.phase, NativeEngine()
    theirs = system.up().address
    with isolated(engine, phase, lambda _: None) as (instance, address):
        assert address != theirs
        assert answer(address)["env"]["DATA"].startswith(str(instance.directory))
    assert answer(str(theirs))["pid"] == system.service("app").pid
    assert not instance.is_running()
    assert instance.logs.is_dir()
    sweep(phase)
    assert not instance.directory.exists()


def test_an_isolated_instance_goes_by_the_limits_that_it_is_given(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIMITS", raising=False)
    text = ONE.replace("      DATA:", "      LIMITS: ${LIMITS:-real}\n      DATA:")
    phase = make_system(text, name=f"lab-test-limits-{os.getpid()}").instance.phase
    for limits in ("test", "bench"):
        with isolated(NativeEngine(), phase, lambda _: None, limits) as (_, address):
            assert answer(address)["env"]["LIMITS"] == limits
    assert "LIMITS" not in os.environ
    sweep(phase)


def test_runs_of_one_phase_side_by_side_leave_each_other_alone(make_system: MakeSystem) -> None:
    """Between the end of an instance and the last look at its logs, it runs no more."""
    phase = make_system(ONE, name=f"lab-test-beside-{os.getpid()}").instance.phase
    other = Instance(phase, STATE / f"test-{phase.name}-{os.getppid()}")
    gone = Instance(phase, STATE / f"test-{phase.name}-999999999")
    try:
        for instance in (other, gone):
            instance.make()
            (instance.directory / "lock").touch()
        sweep(phase)
        assert (other.directory.exists(), gone.directory.exists()) == (True, False)
    finally:
        other.remove()
        gone.remove()


def test_an_interrupted_test_run_leaves_nothing(make_system: MakeSystem) -> None:
    """SIGTERM to lab reaches pytest, and the instance is stopped before lab ends."""
    phase = make_system(ONE, name=f"lab-test-interrupted-{os.getpid()}").instance.phase
    (phase.directory / "tests").mkdir()
    (phase.directory / "tests" / "test_slow.py").write_text(
        "import pathlib, time\n"
        "def test_slow():\n"
        "    here = pathlib.Path(__file__).parent\n"
        "    (here / 'begun').touch()\n"
        "    try:\n"
        "        time.sleep(600)\n"
        "    finally:\n"
        "        (here / 'ended').touch()\n"
    )
    words = ["test", "--native", str(phase.directory)]
    process = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_CONTRACT, *words, "--", *LIGHT],
        env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for((phase.directory / "tests" / "begun").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
    assert (phase.directory / "tests" / "ended").exists()
    directory = STATE / f"test-{phase.name}-{process.pid}"
    assert directory.is_dir()
    assert marked(directory) == []
    sweep(phase)


def test_every_target_has_tests() -> None:
    for target in targets.everything():
        assert target.paths
        assert all(next(path.rglob("test_*.py"), None) for path in target.paths)
