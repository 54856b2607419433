"""The table that says how much of a step there is to read."""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps import size
from lab.steps.export import export
from lab.steps.importing import import_history
from lab.steps.record import record
from lab.steps.route import Route, Trees
from lab.steps.store import Store, open_store
from lab.steps.verify import require
from lab.tests.steps.conftest import Repository, put


def trees(root: Path, store: Store) -> Trees:
    return Trees(store, Route(root))


def rows(root: Path, step: str) -> dict[str, int]:
    """Return the lines by what they are of, as a section's table has them."""
    text = (root / f"phase{step[0]}-gateway" / "diffs" / "README.md").read_text()
    section = text.split(f"\n## {step} ")[1].split("\n## ")[0].split("### Size\n")[1]
    cells = [
        line.strip("| ").split(" | ")
        for line in section.split("\n### ")[0].split("\n")
        if "|" in line
    ]
    return {cell[0].strip("`*"): int(cell[2].replace(",", "")) for cell in cells[2:]}


def test_lines_are_counted_by_file_with_tests_and_drills_apart(root: Path, store: Store) -> None:
    new = {
        "app/few.py": "a = 1\nb = 2\n",
        "tests/test_few.py": "x = 1\n" * 7,
        "services/one/tests/test_more.py": "x = 1\n" * 5,
        "drills/few.py": "y\n",
    }
    put(root / "phase2-gateway", {**new, "app/auth.py": None, 'say "hi".txt': "--- a\n+++ b\n"})
    old = (root / "phase1-foundation" / "app" / "auth.py").read_text().count("\n")
    record(trees(root, store), "2.3")
    found = rows(root, "2.3")
    assert found["app/few.py"] == 2
    assert found["app/auth.py"] == old
    assert (found["tests"], found["drills"]) == (12, 1)
    files = [name for name in found if name not in {"to read", "tests", "drills"}]
    assert found["to read"] == sum(found[name] for name in files)
    assert not any(name.startswith(("tests/", "drills/", "services/")) for name in files)


def test_a_file_that_only_moves_is_nothing_to_read(root: Path) -> None:
    assert rows(root, "2.2")["art/logo.bin"] == 0


def test_counting_twice_changes_nothing(root: Path) -> None:
    for file in root.glob("phase*/diffs/README.md"):
        text = file.read_text()
        assert text.count("### Size\n") == text.count("### Files by role\n")
        assert size.refreshed(file) == text


def test_a_table_that_is_wrong_or_missing_does_not_verify(root: Path, store: Store) -> None:
    readme = root / "phase2-gateway" / "diffs" / "README.md"
    right = readme.read_text()
    for wrong in (
        right.replace("**to read** |  | ", "**to read** |  | 1", 1),
        right.replace("### Size", ""),
    ):
        readme.write_text(wrong)
        with pytest.raises(LabError, match="under Size") as seen:
            require(trees(root, store))
        assert "lab docs --write" in (seen.value.hint or "")


def test_an_import_counts_again(root: Path, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "history")
    with open_store(root) as store:
        export(trees(root, store), repository.directory)
        repository.amend(":/^2.1 ", {"gateway/more.py": "more = 1\n" * 9})
        import_history(trees(root, store), repository.directory)
        require(trees(root, store))
    assert rows(root, "2.1")["gateway/more.py"] == 9
