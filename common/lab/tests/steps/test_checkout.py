"""What lies about in a checkout: ignored by git and no part of a step, or refused by name."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps import exercise
from lab.steps.compare import compare
from lab.steps.export import export
from lab.steps.git import Git
from lab.steps.importing import import_history
from lab.steps.layout import lay_out
from lab.steps.record import record
from lab.steps.route import Route, Trees
from lab.steps.store import Store, open_store
from lab.steps.verify import require
from lab.tests.steps.conftest import Repository, put

SECRET = "TOKEN=do-not-publish\n"
PATCHES = "*/diffs/*.patch"


@pytest.fixture(scope="session")
def committed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny path as a clone has it: everything in it is tracked."""
    root = tmp_path_factory.mktemp("committed") / "checkout"
    shutil.copytree(built, root, symlinks=True)
    git = Git(root)
    put(root, {".gitignore": "__pycache__/\n.lab/\n.env\n/exercise-*/\n"})
    git("init", "--quiet", ".")
    git("add", "--all")
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    git(*who, "commit", "--quiet", "-m", "the path")
    return root


@pytest.fixture
def root(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of one's own, of somebody whose git ignores nothing beyond it."""
    put(tmp_path / "home", {".gitconfig": ""})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return Path(shutil.copytree(committed, tmp_path / "checkout", symlinks=True))


def trees(store: Store) -> Trees:
    return Trees(store, Route(store.checkout.root))


def ignore(root: Path, how: str) -> None:
    """Have git ignore every .DS_Store by one of the rules that it has."""
    home = root.parent / "home"
    if how == "info/exclude":
        put(root / ".git" / "info", {"exclude": "/phase1-foundation/**/.DS_Store\n"})
    elif how == "core.excludesFile":
        put(home, {".gitconfig": f"[core]\n\texcludesFile = {home}/mine\n", "mine": ".DS_Store\n"})
    else:
        put(home / ".config" / "git", {"ignore": ".DS_Store\n"})


@pytest.mark.parametrize("how", ["info/exclude", "core.excludesFile", "the person's own default"])
def test_what_git_ignores_by_any_rule_is_no_part_of_a_step(root: Path, how: str) -> None:
    put(root / "phase1-foundation", {"app/.DS_Store": b"\0"})
    with open_store(root) as store, pytest.raises(LabError, match=r"app/\.DS_Store"):
        require(trees(store))
    ignore(root, how)
    with open_store(root) as store:
        require(trees(store))


def test_an_ignored_secret_is_recorded_in_no_patch(root: Path) -> None:
    put(root / "phase2-gateway", {".env": SECRET, "app/new.py": "x = 1\n"})
    Git(root)("add", "phase2-gateway/app/new.py")
    with open_store(root) as store:
        record(trees(store), "2.3")
    texts = [file.read_text(errors="replace") for file in root.glob(PATCHES)]
    assert any("app/new.py" in text for text in texts)
    assert not any("do-not-publish" in text for text in texts)


def test_what_is_not_tracked_is_refused_by_name_wherever_trees_are_read(root: Path) -> None:
    for phase in root.glob("phase*"):
        put(phase, {"app/stray.txt": SECRET})
    before = [file.read_bytes() for file in sorted(root.glob(PATCHES))]
    with open_store(root) as store:
        acts: dict[str, Callable[[], object]] = {
            "verify": lambda: require(trees(store)),
            "record": lambda: record(trees(store), "2.3"),
            "export": lambda: export(trees(store), root.parent / "history"),
            "diff": lambda: compare(trees(store), "0", "1.1", [], colour=False),
            "exercise": lambda: exercise.prepare(trees(store), "1.1"),
            "up": lambda: lay_out(root, "1.1"),
        }
        for name, act in acts.items():
            with pytest.raises(LabError, match=r"phase\d-[a-z]+/app/stray\.txt") as seen:
                act()
            assert re.search(r"git add phase\d-[a-z]+/app/stray\.txt", seen.value.hint or ""), name
    assert [file.read_bytes() for file in sorted(root.glob(PATCHES))] == before
    assert not (root.parent / "history").exists()


def test_what_is_added_counts_and_what_is_deleted_is_missing(root: Path) -> None:
    put(root / "phase2-gateway", {"app/new.py": "x = 1\n", "app/auth.py": None})
    Git(root)("add", "--intent-to-add", "phase2-gateway/app/new.py")
    with open_store(root) as store:
        files = store.files(store.snapshot(root / "phase2-gateway"))
    assert "app/new.py" in files
    assert "app/auth.py" not in files


def test_a_step_and_an_exercise_that_git_ignores_as_a_whole_are_read_by_the_rules(
    root: Path,
) -> None:
    step = lay_out(root, "1.1")
    put(step, {".env": SECRET, "app/mine.py": "x = 1\n"})
    lay_out(root, "1.1")
    assert (step / ".env").read_text() == SECRET
    assert not (step / "app" / "mine.py").exists()
    with open_store(root) as store:
        made = exercise.prepare(trees(store), "1.1")
        target = exercise.directory(root, "1.1")
        exercise.begin(store, made, target)
        put(target, {".env": SECRET, "app/mine.py": "x = 1\n"})
        assert exercise.altered_tests(store, made, target) == []
        held = store.files(store.snapshot(target))
    assert "app/mine.py" in held
    assert ".env" not in held


def test_an_import_leaves_what_git_ignores_and_tells_git_what_it_adds(root: Path) -> None:
    put(root / "phase1-foundation", {".env": SECRET})
    repository = Repository(root.parent / "history")
    with open_store(root) as store:
        export(trees(store), repository.directory)
        repository.amend("phase0", {"app/more.py": "more = 1\n"})
        import_history(trees(store), repository.directory)
        require(trees(store))
    assert (root / "phase1-foundation" / ".env").read_text() == SECRET
    assert "new file mode" in Git(root).text("diff", "--", "phase2-gateway/app/more.py")


def test_an_unpacked_archive_without_git_verifies_by_the_rules_that_are_left(root: Path) -> None:
    shutil.rmtree(root / ".git")
    put(root / "phase1-foundation", {".env": SECRET, "app/.DS_Store": b"\0"})
    ignore(root, "core.excludesFile")
    with open_store(root) as store:
        require(trees(store))
    put(root / "phase1-foundation", {"app/stray.txt": SECRET})
    with open_store(root) as store, pytest.raises(LabError, match=r"stray\.txt is there"):
        require(trees(store))
