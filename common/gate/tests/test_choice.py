"""The gate runs what was asked for of a system's own tests and the contract, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from gate.results import Results
from gate.tests.conftest import LIGHT

ELSEWHERE = """\
import pathlib, sys, pytest
from gate import plugin
plugin.CONTRACT = pathlib.Path(sys.argv[1])
sys.exit(pytest.main(sys.argv[2:], plugins=[plugin]))
"""
FILES = {
    "contract/test_mixed.py": """\
import pytest
@pytest.mark.short
def test_short(): pass
def test_long(): pass
""",
    "contract/test_long.py": "def test_all_of_it(): pass",
    "system/tests/test_new.py": "def test_new(): pass",
    "system/tests/below/test_old.py": "def test_old(): pass",
}
CONTRACT = {"test_short", "test_long", "test_all_of_it"}


@pytest.mark.parametrize(
    ("options", "run"),
    [
        ([], {*CONTRACT, "test_new", "test_old"}),
        (["--gate-short"], {"test_short", "test_new", "test_old"}),
        (["--gate-own=system/tests/test_new.py,nowhere.py"], {*CONTRACT, "test_new"}),
        (["--gate-own=system/tests/below/test_old.py", "--gate-short"], {"test_short", "test_old"}),
        (["--gate-own=", "--gate-short"], {"test_short"}),
    ],
)
def test_only_what_was_asked_for_is_run(tmp_path: Path, options: list[str], run: set[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = short\n")
    results = tmp_path / "results.json"
    words = [*LIGHT, "--rootdir", str(tmp_path), "--gate-results", str(results), *options]
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "contract"), *words, str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    found = Results.read(results)
    assert found is not None
    assert {test.rpartition("::")[2] for test in found.passed} == run


def test_of_several_runs_of_one_command_all_is_kept(tmp_path: Path) -> None:
    """A service's own tests are a run of their own; one that has none to run adds nothing."""
    texts = {"one": "def test_a(): pass", "two": "def test_b(): assert False", "none": ""}
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    results = tmp_path / "results.json"
    for name, text in texts.items():
        file = tmp_path / f"test_{name}.py"
        file.write_text(text)
        words = [*LIGHT, "--rootdir", str(tmp_path), "--gate-results", str(results), str(file)]
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "gate.plugin", *words],
            check=False,
            capture_output=True,
        )
    assert Results.read(results) == Results(
        passed=("test_one.py::test_a",), failed=("test_two.py::test_b",)
    )
