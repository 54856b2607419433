"""What changed since a part's recorded commit runs; what cannot be known has changed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gate.parts import Part
from gate.record import RECORD, Changes, Record
from gate.run import Gate, Options
from gate.tests.conftest import ONCE, MakePart, Run

STANDS_ON = ("phase0-mvp", "common/contract", ":(exclude)common/contract/README.md")


def git(root: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def commit(root: Path, *names: str) -> str:
    """Change files and commit that; returns the hash."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as text:
            text.write("more\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")
    return git(root, "rev-parse", "HEAD").strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    git(tree, "init", "--quiet")
    commit(tree, "phase0-mvp/app.py", "common/contract/README.md", "common/web/index.html")
    return tree


@pytest.mark.parametrize(
    ("changed", "runs"),
    [
        ("phase0-mvp/app.py", True),
        ("phase0-mvp/new.py", True),
        ("common/contract/tests/test_x.py", True),
        ("common/contract/README.md", False),
        ("common/web/index.html", False),
        (".ci/tested.json", False),
    ],
)
def test_what_stands_on_a_changed_file_runs(root: Path, changed: str, *, runs: bool) -> None:
    tested = commit(root)
    commit(root, changed)
    reason = Changes(root, Record({"zero": tested})).reason("zero", STANDS_ON)
    assert reason == (f"changed: {changed}" if runs else None)


def test_what_was_changed_and_changed_back_is_as_it_was_tested(root: Path) -> None:
    tested = commit(root)
    commit(root, "phase0-mvp/app.py")
    git(root, "revert", "--no-edit", "HEAD")
    assert Changes(root, Record({"zero": tested})).reason("zero", STANDS_ON) is None


def test_a_file_that_is_gone_is_a_change(root: Path) -> None:
    tested = commit(root)
    (root / "phase0-mvp" / "app.py").unlink()
    commit(root)
    reason = Changes(root, Record({"zero": tested})).reason("zero", STANDS_ON)
    assert reason == "changed: phase0-mvp/app.py"


def test_without_a_record_everything_has_changed(root: Path) -> None:
    changes = Changes(root, Record.read(root))
    assert changes.reason("zero", STANDS_ON) == "not recorded as tested"


@pytest.mark.parametrize("unknown", ["0" * 40, "nonsense", "--help"])
def test_a_commit_that_is_not_here_says_nothing(root: Path, unknown: str) -> None:
    reason = Changes(root, Record({"zero": unknown})).reason("zero", STANDS_ON)
    assert reason == f"the recorded commit {unknown[:12]} is not here"


def test_in_a_shallow_clone_everything_has_changed(root: Path, tmp_path: Path) -> None:
    tested = commit(root)
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth", "1", root.as_uri(), "shallow")
    reason = Changes(tmp_path / "shallow", Record({"zero": tested})).reason("zero", STANDS_ON)
    assert reason == f"the recorded commit {tested[:12]} is not here"


def test_a_record_keeps_what_is_known_of_parts_that_did_not_run(tmp_path: Path) -> None:
    first, second = "a" * 40, "b" * 40
    old = Record({"lab": first, "web": first}, {"lab": 200, "lint": 60}, ["x.py::test_a"])
    (tmp_path / ".ci").mkdir()
    unsteady = ["x.py::test_b", "x.py::test_a"]
    old.after(second, ["web"], {"lint": 70.4}, unsteady).write(tmp_path)
    assert json.loads((tmp_path / RECORD).read_text()) == {
        "tested": {"lab": first, "web": second},
        "seconds": {"lab": 200, "lint": 70},
        "unsteady": ["x.py::test_a", "x.py::test_b"],
    }


def test_a_run_that_passed_is_recorded_with_what_was_unsteady(
    make_part: MakePart, run: Run, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    run([replace(make_part(ONCE.format(name="unlucky")), stands_on=("x",))], writes=True)
    record = Record.read(tmp_path)
    assert record.unsteady == ["test_fixture.py::test_unlucky"]
    assert set(record.seconds) == {"fixture"}
    assert len(record.tested["fixture"]) == 40


def test_a_part_that_failed_is_not_recorded(make_part: MakePart, run: Run, tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    bad = replace(make_part("def test_it(): assert False"), stands_on=("x",))
    outcome = run([bad], writes=True)
    assert "nothing is recorded" in outcome.said
    assert not (tmp_path / RECORD).exists()


def test_beside_one_that_failed_what_passed_at_once_is_recorded(
    make_part: MakePart, run: Run, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    texts = {
        "good": "def test_it(): pass",
        "bad": "def test_it(): assert False",
        "late": ONCE.format(name="unlucky"),
    }
    parts = [replace(make_part(text, name), stands_on=("x",)) for name, text in texts.items()]
    assert run(parts, writes=True).code == 1
    assert list(Record.read(tmp_path).tested) == ["good"]


def test_a_part_is_left_out_only_while_what_it_stands_on_is_as_it_was(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tested = commit(root)
    commit(root, "phase0-mvp/app.py")
    ran = tmp_path / "ran"

    def part(name: str, stands_on: tuple[str, ...]) -> Part:
        code = f"open({str(ran)!r}, 'a').write('{name} ')"
        return Part(name, name, (sys.executable, "-c", code), stands_on=stands_on)

    parts = [part("zero", ("phase0-mvp",)), part("one", ("phase1-foundation",))]
    record = Record({"zero": tested, "one": tested})
    assert Gate(Options(tmp_path, tree=root), parts, record).run() == 0
    assert ran.read_text() == "zero "
    assert f"unchanged since {tested[:12]}" in capfd.readouterr().out
    Gate(Options(tmp_path, tree=root, everything=True), parts, record).run()
    assert ran.read_text() == "zero zero one "


def test_a_part_runs_as_short_as_what_has_not_changed_lets_it(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tested = commit(root)
    commit(root, "phase1-foundation/app.py")
    ran = tmp_path / "ran"

    def part(name: str, stands_on: tuple[str, ...] | None, short: Part | None = None) -> Part:
        code = f"open({str(ran)!r}, 'a').write('{name} ')"
        return Part(name, name, (sys.executable, "-c", code), stands_on=stands_on, short=short)

    def chain(name: str, *stands_on: str) -> Part:
        middle = part(f"{name}-middle", stands_on, part(f"{name}-short", None))
        return part(name, stands_on[:1], middle)

    zero, one = "phase0-mvp", "phase1-foundation"
    parts = [chain("a", one, zero), chain("b", zero, one), chain("c", zero, zero)]
    names = [proven.name for whole in parts for proven in whole.proves()]
    record = Record(dict.fromkeys(names, tested))
    options = Options(tmp_path, tree=root, record=True)
    (tmp_path / ".ci").mkdir(exist_ok=True)
    assert Gate(options, parts, record).run() == 0
    assert ran.read_text() == "a b-middle c-short "
    assert "c-short           every run" in capfd.readouterr().out
    found = Record.read(tmp_path).tested
    assert {name for name in found if found[name] != tested} == {"a", "a-middle", "b-middle"}
