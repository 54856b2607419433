"""What a person sees: help, overview, errors, exit codes."""

import os
import subprocess
from pathlib import Path

import pytest

from lab.cli.main import COMMANDS
from lab.paths import ROOT


def lab(*words: str, cwd: Path = ROOT, script: Path = ROOT / "lab") -> "Result":
    return subprocess.run([script, *words], cwd=cwd, capture_output=True, text=True, check=False)


Result = subprocess.CompletedProcess[str]


def test_without_a_word_it_says_what_to_type() -> None:
    said = lab()
    assert said.returncode == 0
    assert "./lab up 0" in said.stdout
    assert "phase0-mvp" in said.stdout


def test_help_has_a_whole_sentence_for_every_command() -> None:
    listed = lab("--help").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in listed
    assert "..." not in listed.partition("Commands:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    said = lab(name, "--help")
    assert said.returncode == 0
    assert said.stdout.startswith(f"Usage: lab {name}")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("up", "9"), 2, "there is no phase 9; the last is 7"),
        (("up", "7"), 2, "phase 7 (features) is not built yet"),
        (("up", "phase0-ghost/x"), 2, "there is no phase 'phase0-ghost/x'"),
        (("up", "common"), 2, "holds no compose.yaml"),
        (("ps", "9"), 2, "there is no phase 9"),
        (("test", "ghost"), 2, "what can be tested: lab"),
        (("test", "lab", "--url", "http://x"), 2, "leave out what to start"),
        (("fly",), 2, "No such command 'fly'"),
        (("up", "--fly"), 2, "No such option"),
    ],
)
def test_a_wrong_word_is_answered_with_what_there_is(
    words: tuple[str, ...], code: int, message: str
) -> None:
    said = lab(*words)
    assert (said.returncode, message in said.stderr) == (code, True), said.stderr
    assert "Traceback" not in said.stderr


def test_it_works_through_a_symlink_and_from_any_directory(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "direct").symlink_to(ROOT / "lab")
    (tmp_path / "indirect").symlink_to("bin/direct")
    (tmp_path / "click.py").write_text("raise SystemExit('not this one')")
    said = lab("--help", cwd=tmp_path, script=tmp_path / "indirect")
    assert said.returncode == 0, said.stderr


def test_asking_for_a_service_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {app: {build: ., netwrok: x}}")
    said = lab("up", "--native", str(tmp_path))
    assert said.returncode == 4
    assert "compose.yaml:1 services.app" in said.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{ROOT / 'lab'} --help | head -n 1"
    said = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
