"""The commands, and steps as systems that can be run."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import lab.cli.diff
import lab.cli.exercise
import lab.cli.history
import lab.phases
from lab.errors import LabError
from lab.steps.layout import lay_out
from lab.tests.steps.conftest import put


@pytest.fixture
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fixture path as the checkout that commands work on."""
    for module in (lab.cli.diff, lab.cli.exercise, lab.cli.history, lab.phases):
        monkeypatch.setattr(module, "ROOT", root)
    return root


def said(command: click.Command, *words: str | Path) -> str:
    """Return what a command prints; its errors are raised."""
    done = CliRunner().invoke(command, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_step_is_a_system_like_a_phase(here: Path) -> None:
    step = lab.phases.find("1.2")
    assert (step.name, step.label, step.port) == ("1.2", "step 1.2", 8012)
    assert step.directory == here / ".lab" / "steps" / "1.2"
    assert (step.directory / "compose.yaml").is_file()
    assert (step.directory / "app" / "chat" / "messages.py").is_file()
    assert (step.directory / "../common/web/index.html").is_file()
    assert (step.directory / "README.md").read_text() == "the lesson of phase 0\n"


def test_a_step_laid_out_follows_its_patches(here: Path) -> None:
    directory = lay_out(here, "1.1")
    put(directory, {"app/cache.py": "edited\n", "stray.py": "", "app/__pycache__/x.pyc": b"\0"})
    lay_out(here, "1.1")
    assert "edited" not in (directory / "app/cache.py").read_text()
    assert not (directory / "stray.py").exists()
    assert (directory / "app/__pycache__/x.pyc").exists()


def test_what_does_not_exist_yet_is_named(here: Path) -> None:
    for word in ("1.4", "5.1"):
        with pytest.raises(LabError, match=f"there is no step {word} yet") as seen:
            lab.phases.find(word)
        assert seen.value.hint == (
            "so far there are: phases 0, 1, 2; steps 1.1, 1.2, 1.3, 2.1, 2.2, 2.3"
        )
    with pytest.raises(LabError, match="there is no phase 3 yet"):
        said(lab.cli.diff.command, "0", "3")
    with pytest.raises(LabError, match="'banana' is no phase and no step"):
        said(lab.cli.diff.command, "0", "banana")


def test_diff_says_what_moved_and_what_to_read_first(here: Path) -> None:
    text = said(lab.cli.diff.command, "0", "1.1")
    assert text.startswith("phase 0 to step 1.1: 4 added, 2 changed; ")
    assert "read 1: app/cache.py at `def get(`: the heart of it, on two lines" in text
    assert text.index("+++ b/tests/test_cache.py") < text.index("+++ b/app/cache.py")
    assert "index " not in text
    assert "  moved    app/messages.py → app/chat/messages.py" in said(
        lab.cli.diff.command, "1.1", "phase2-gateway", "--stat"
    )


def test_diff_of_the_same_tree_and_of_some_paths(here: Path) -> None:
    assert said(lab.cli.diff.command, "1.3", "1").strip() == "step 1.3 to phase 1: no difference"
    text = said(lab.cli.diff.command, "0", "1", "app/auth.py")
    assert text.startswith("phase 0 to phase 1: 1 changed; 4 lines added, 0 removed\n")
    with pytest.raises(LabError, match=r"nothing changes in compose\.yaml"):
        said(lab.cli.diff.command, "0", "1", "compose.yaml")


def test_history_there_and_back(here: Path, tmp_path: Path) -> None:
    assert "as step 2.3 leaves it" in said(lab.cli.history.command, "verify")
    assert "  1.2 Change number 1.2\n" in said(
        lab.cli.history.command, "export", tmp_path / "history"
    )
    assert said(lab.cli.history.command, "import", tmp_path / "history") == "nothing has changed.\n"


def test_with_one_phase_alone_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"phase0-mvp/compose.yaml": "services: {}\n", ".gitignore": ".lab/\n"})
    monkeypatch.setattr(lab.cli.history, "ROOT", tmp_path)
    text = said(lab.cli.history.command, "verify")
    assert text.endswith("1 phase, and no step recorded yet: nothing to compare.\n")


def test_an_exercise_from_begin_to_solution(here: Path) -> None:
    run = lab.cli.exercise.command
    with pytest.raises(LabError, match=r"there is no exercise-1\.1 yet"):
        said(run, "1.1", "--check")
    assert "to be written:  app/cache.py, app/auth.py" in said(run, "1.1")
    assert (here / "exercise-1.1" / "README.md").is_file()
    assert "stays as it is" in said(run, "1.1")
    assert said(run, "1.1", "--hint") == "1 of 2: Think.\n"
    assert "git diff --no-index exercise-1.1 exercise-1.1-solution" in said(run, "1.1", "--solve")
    put(here / "exercise-1.1", {"tests/test_cache.py": ""})
    with pytest.raises(LabError, match=r"test_cache\.py is not the step's own test any more"):
        said(run, "1.1", "--check")
