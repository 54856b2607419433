"""Exercises: what the learner gets, and that nothing of his is ever overwritten."""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps import exercise
from lab.steps.exercise import Exercise
from lab.steps.route import Route, Trees
from lab.steps.store import Store
from lab.tests.steps.conftest import AUTH, everything, put


@pytest.fixture
def made(root: Path, store: Store) -> Exercise:
    return exercise.prepare(Trees(store, Route(root)), "1.1")


@pytest.fixture
def work(root: Path, store: Store, made: Exercise) -> Path:
    directory = exercise.directory(root, "1.1")
    exercise.begin(store, made, directory)
    return directory


def test_it_is_the_tree_before_with_stubs_tests_and_what_is_given(work: Path) -> None:
    seen = everything(work)
    assert {name for name in seen if name.startswith(("app/", "tests/", "notes/"))} == {
        *("app/__init__.py", "app/auth.py", "app/messages.py", "app/cache.py"),
        *("tests/test_auth.py", "tests/test_cache.py", "notes/README.md"),
    }
    assert "raise NotImplementedError" in (work / "app/cache.py").read_text()
    assert (work / "app/auth.py").read_text().startswith(AUTH)
    assert (work / "logo.bin").read_bytes() == bytes(range(256))


def test_it_lies_where_common_resolves(root: Path, work: Path) -> None:
    assert (work / ".." / "common" / "web" / "index.html").is_file()
    assert work.parent == root


def test_its_task_names_what_to_write(made: Exercise) -> None:
    text = exercise.task(made)
    assert text.startswith("# Exercise 1.1: Change number 1.1\n\nWhat step 1.1 is about.")
    assert "Keep what was asked for." in text
    assert "- `app/cache.py`" in text
    assert "- `tests/test_cache.py`" in text


def test_work_is_not_overwritten_and_lost_tests_come_back(
    store: Store, made: Exercise, work: Path
) -> None:
    put(work, {"app/cache.py": "mine\n", "extra.py": "mine too\n", "tests/test_cache.py": None})
    assert exercise.altered_tests(store, made, work) == ["tests/test_cache.py"]
    assert exercise.begin(store, made, work) == ["tests/test_cache.py"]
    assert (work / "app/cache.py").read_text() == "mine\n"
    assert (work / "extra.py").read_text() == "mine too\n"
    assert exercise.altered_tests(store, made, work) == []


def test_a_test_that_git_is_told_to_ignore_is_the_learners_too(
    store: Store, made: Exercise, work: Path
) -> None:
    put(work, {".gitignore": "tests/test_cache.py\n", "tests/test_cache.py": "mine\n"})
    assert exercise.begin(store, made, work) == []
    assert (work / "tests/test_cache.py").read_text() == "mine\n"


def test_an_empty_directory_is_filled_and_a_file_in_the_way_is_named(
    store: Store, made: Exercise, work: Path, tmp_path: Path
) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    exercise.begin(store, made, place)
    assert everything(place) == everything(work)
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="is no directory"):
        exercise.begin(store, made, tmp_path / "file")


def test_altered_tests_are_noticed(store: Store, made: Exercise, work: Path) -> None:
    put(work, {"tests/test_cache.py": "def test_keeps() -> None: ...\n", "tests/test_mine.py": ""})
    assert exercise.altered_tests(store, made, work) == ["tests/test_cache.py"]
    exercise.begin(store, made, work)
    assert "..." in (work / "tests/test_cache.py").read_text()


def test_the_solution_goes_beside_the_work(
    root: Path, store: Store, made: Exercise, work: Path
) -> None:
    before = everything(work)
    solution = exercise.solution_directory(root, "1.1")
    exercise.solve(store, made, solution)
    exercise.solve(store, made, solution)
    assert "setdefault" in (solution / "app/cache.py").read_text()
    assert everything(work) == before
    put(solution, {"app/cache.py": "my notes\n"})
    with pytest.raises(LabError, match="it is not the solution"):
        exercise.solve(store, made, solution)
    assert (solution / "app/cache.py").read_text() == "my notes\n"


def test_hints_come_one_by_one(root: Path) -> None:
    assert [exercise.next_hint(root, "1.1", 2) for _ in range(3)] == [1, 2, 2]


def test_a_step_without_tests_is_no_exercise(root: Path, store: Store) -> None:
    with pytest.raises(LabError, match=r"step 1\.2 changes no test"):
        exercise.prepare(Trees(store, Route(root)), "1.2")
