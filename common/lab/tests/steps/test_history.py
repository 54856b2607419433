"""The path as a git repository, and back."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps.export import export
from lab.steps.git import GitError
from lab.steps.importing import Imported, import_history
from lab.steps.leftovers import Leftover, leftovers, replaced
from lab.steps.route import Route, Trees
from lab.steps.store import open_store
from lab.steps.verify import require
from lab.tests.steps.conftest import AUTH, PHASE_0, Repository, describe, everything, put

FIXED = AUTH.replace('header.split(" ")', 'header.split(" ", 1)')


@pytest.fixture(scope="session")
def exported(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported") / "history"
    export_to(built, directory)
    return directory


@pytest.fixture
def repository(exported: Path, tmp_path: Path) -> Repository:
    return Repository(Path(shutil.copytree(exported, tmp_path / "history", symlinks=True)))


def export_to(root: Path, directory: Path) -> None:
    with open_store(root) as store:
        export(Trees(store, Route(root)), directory)


def bring_back(root: Path, repository: Repository) -> tuple[Imported, list[Leftover]]:
    with open_store(root) as store:
        done = import_history(Trees(store, Route(root)), repository.directory)
        now = Trees(store, Route(root))
        require(now)
        return done, leftovers(now, done.trees)


def test_one_commit_per_step_and_one_tag_per_phase(repository: Repository) -> None:
    names = ["0", "1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    assert [line.split(" ")[0] for line in repository.log()] == names
    assert repository.git.text("tag").split() == ["phase0", "phase1", "phase2"]
    subjects = repository.git.text("log", "--no-walk", "--format=%s", "phase1", "phase2")
    assert sorted(line[:3] for line in subjects.split("\n")) == ["1.3", "2.3"]
    assert repository.git.text("status", "--porcelain") == ""


def test_messages_come_from_the_readme(repository: Repository) -> None:
    message = repository.git.text("log", "-1", "--format=%B", "phase1")
    assert message.strip().split("\n\n") == [
        "1.3 Change number 1.3",
        "What step 1.3 is about.",
        "Why it is done.\nTwo lines of it.",
        "Step: 1.3",
    ]


def test_two_exports_are_the_same_commits(
    root: Path, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    export_to(root, tmp_path / "again")
    heads = [
        Repository(tmp_path / name).git.text("rev-parse", "main") for name in ("history", "again")
    ]
    assert heads[0] == heads[1]


def test_a_checkout_of_a_tag_is_the_phase(root: Path, repository: Repository) -> None:
    repository.git("checkout", "--quiet", "phase2")
    exported = {
        name: seen for name, seen in everything(repository.directory).items() if ".git" not in name
    }
    phase = everything(root / "phase2-gateway")
    own = {name for name in phase if name.startswith(("README.md", "diffs/", "architecture."))}
    assert exported == {name: seen for name, seen in phase.items() if name not in own}


def test_a_round_trip_changes_nothing(root: Path, repository: Repository) -> None:
    before = everything(root)
    done, _ = bring_back(root, repository)
    assert everything(root) == before
    assert (done.files, done.patches, done.remarks) == ({}, [], [])


def test_a_fix_in_phase_0_reaches_every_later_phase(root: Path, repository: Repository) -> None:
    before = everything(root)
    repository.amend("phase0", {"app/auth.py": FIXED})
    done, _ = bring_back(root, repository)
    for phase in root.glob("phase*"):
        assert 'header.split(" ", 1)' in (phase / "app" / "auth.py").read_text()
    assert done.files == {
        name: ["app/auth.py"] for name in ("phase0-mvp", "phase1-foundation", "phase2-gateway")
    }
    after = everything(root)
    changed = {name for name in after if after[name] != before.get(name)}
    assert {name.split("/", 1)[1] for name in changed} == {"app/auth.py"}


def test_a_fix_follows_a_moved_file(root: Path, repository: Repository) -> None:
    text = str(PHASE_0["app/messages.py"]).replace("message_5 = 5", "message_5 = 'five'")
    repository.amend("phase0", {"app/messages.py": text})
    done, left = bring_back(root, repository)
    assert done.files["phase2-gateway"] == ["app/chat/messages.py"]
    assert "'five'" in (root / "phase2-gateway/app/chat/messages.py").read_text()
    assert done.patches == []
    assert left == []


def test_files_that_still_have_the_old_lines_are_listed(root: Path, repository: Repository) -> None:
    put(root, {"docs/auth.md": 'Then `x`:\n\n    scheme, token = header.split(" ")\n'})
    repository.amend("phase0", {"app/auth.py": FIXED})
    _, left = bring_back(root, repository)
    assert sorted((one.path, one.line) for one in left) == [
        ("docs/auth.md", 3),
        ("phase2-gateway/gateway/tokens.py", 5),
    ]
    assert left[0].text == 'scheme, token = header.split(" ")'


def test_an_insertion_that_a_copy_did_not_get_is_listed(root: Path, repository: Repository) -> None:
    fixed = AUTH.replace("    return token\n", "    assert scheme\n    return token\n")
    repository.amend("phase0", {"app/auth.py": fixed})
    _, left = bring_back(root, repository)
    assert ("phase2-gateway/gateway/tokens.py", 5) in {(one.path, one.line) for one in left}
    assert not any(one.path.endswith("auth.py") for one in left)


def test_imports_and_lines_that_the_fix_itself_leaves_are_not_listed() -> None:
    section = """--- a/app.py
+++ b/app.py
@@ -1,6 +1,9 @@
-from errors import Conflict, NotFound
+from errors import Conflict
 first = select(
     members,
 )
+second = select(
+    messages,
+)
 def another_function():
     return None
"""
    assert list(replaced(section)) == []


def test_a_change_of_a_step_rewrites_its_patch_alone(root: Path, repository: Repository) -> None:
    repository.amend(":/^1.2 ", {"größe & zeichen.txt": "eins\nvier\n"})
    done, _ = bring_back(root, repository)
    assert done.patches == ["1.2-change.patch"]
    assert "+vier\n" in next(root.glob("*/diffs/1.2-*.patch")).read_text()
    assert set(done.files) == {"phase1-foundation", "phase2-gateway"}


def test_modes_binaries_links_and_deletions_come_back(root: Path, repository: Repository) -> None:
    files: dict[str, str | bytes | None] = {
        "new.bin": b"\0\1",
        "new dir/run*": "#!/bin/sh\n",
        "new link@": "new.bin",
        "windows.txt": "one\r\n",
        "app/chat/deep/x.py": "x = 1\n",
    }
    repository.amend(":/^1.3 ", files)
    bring_back(root, repository)
    phase = root / "phase1-foundation"
    assert (phase / "new.bin").read_bytes() == b"\0\1"
    assert (phase / "new dir" / "run").stat().st_mode & 0o111 == 0o111
    assert (phase / "new link").readlink() == Path("new.bin")
    assert (phase / "windows.txt").read_bytes() == b"one\r\n"


def test_own_files_and_ignored_files_survive(root: Path, repository: Repository) -> None:
    put(root / "phase2-gateway", {"app/__pycache__/auth.pyc": b"\0"})
    own = ["phase2-gateway/README.md", "phase1-foundation/architecture.svg"]
    own += ["phase1-foundation/diffs/README.md", "phase2-gateway/app/__pycache__/auth.pyc"]
    before = everything(root)
    repository.amend("phase0", {"app/auth.py": FIXED})
    bring_back(root, repository)
    after = everything(root)
    assert {name: after[name] for name in own} == {name: before[name] for name in own}


def test_an_export_can_be_used_again_after_its_import(root: Path, repository: Repository) -> None:
    for text in ("first", "second"):
        repository.amend("phase0", {"compose.yaml": f"services: {text}\n"})
        bring_back(root, repository)
        assert (root / "phase2-gateway/compose.yaml").read_text() == f"services: {text}\n"
    assert repository.git.text("tag").split() == ["phase0", "phase1", "phase2"]


def test_a_conflict_is_ordinary_git(root: Path, repository: Repository) -> None:
    with pytest.raises(GitError, match="could not apply"):
        repository.amend("phase0", {"no-end.txt": "shorter"})
    with pytest.raises(LabError, match="a rebase or merge is under way"):
        bring_back(root, repository)
    put(repository.directory, {"no-end.txt": "shorter, still"})
    repository.git("add", "--all")
    repository.git("-c", "core.editor=true", "rebase", "--continue")
    bring_back(root, repository)
    assert (root / "phase0-mvp/no-end.txt").read_text() == "shorter"
    assert (root / "phase2-gateway/no-end.txt").read_text() == "shorter, still"


def test_a_new_step_comes_in_as_a_commit(root: Path, repository: Repository) -> None:
    describe(root / "phase3-messaging", "3.1")
    repository.git("checkout", "--quiet", "main")
    put(repository.directory, {"broker.py": "import queue\n"})
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "3.1 Broker", "-m", "Step: 3.1")
    done, _ = bring_back(root, repository)
    assert done.patches == ["3.1-change.patch"]
    assert (root / "phase3-messaging" / "app" / "auth.py").is_file()


def test_a_dirty_export_is_refused(root: Path, repository: Repository) -> None:
    put(repository.directory, {"app/new.py": "x = 1\n"})
    with pytest.raises(LabError, match=r"not committed: app/new\.py"):
        bring_back(root, repository)


def test_another_repository_is_refused(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "--quiet", other], check=True)
    with pytest.raises(LabError, match="was not made by lab history export"):
        bring_back(root, Repository(other))
    with pytest.raises(LabError, match="there is no directory"):
        bring_back(root, Repository(tmp_path / "nowhere"))


def test_an_export_of_an_older_checkout_is_refused(root: Path, repository: Repository) -> None:
    other = root.parent / "other"
    export_to(root, other)
    Repository(other).amend("phase0", {"app/auth.py": FIXED})
    bring_back(root, Repository(other))
    with pytest.raises(LabError, match=r"has changed since this export: app/auth\.py in phase 0"):
        bring_back(root, repository)


def test_a_lost_step_is_named(root: Path, repository: Repository) -> None:
    repository.git("rebase", "--quiet", "--onto", "phase1~1", "phase1", "main")
    with pytest.raises(LabError, match=r"commit 4 says step 2\.1, and 1\.3 is due there"):
        bring_back(root, repository)
    repository.git("reset", "--quiet", "--hard", "phase1")
    with pytest.raises(LabError, match=r"ends with step 1\.3, and 2\.3 is missing"):
        bring_back(root, repository)


def test_a_commit_that_is_no_step_is_named(root: Path, repository: Repository) -> None:
    repository.git("checkout", "--quiet", "main")
    repository.git("commit", "--quiet", "--allow-empty", "-m", "Oops")
    with pytest.raises(LabError, match=r"\(Oops\) says no step"):
        bring_back(root, repository)


def test_a_phases_own_file_in_a_commit_is_refused(root: Path, repository: Repository) -> None:
    before = everything(root)
    repository.amend("phase0", {"README.md": "not here\n"})
    with pytest.raises(LabError, match=r"step 0 holds README\.md"):
        bring_back(root, repository)
    assert everything(root) == before


def test_an_edited_message_is_remarked_on(root: Path, repository: Repository) -> None:
    message = repository.git.text("log", "-1", "--format=%B", "main").replace("Why", "Because")
    repository.git("commit", "--quiet", "--amend", "-m", message)
    done, _ = bring_back(root, repository)
    assert done.remarks == ["the message of 2.3 was edited; messages come from diffs/README.md"]


def test_export_writes_into_no_directory_in_use(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "used", {"x": "y"})
    with pytest.raises(LabError, match="is not empty"):
        export_to(root, tmp_path / "used")


def test_export_refuses_a_path_that_does_not_verify(root: Path, tmp_path: Path) -> None:
    put(root / "phase2-gateway", {"extra": ""})
    with pytest.raises(LabError, match="extra is there"):
        export_to(root, tmp_path / "new")
    assert not (tmp_path / "new").exists()
