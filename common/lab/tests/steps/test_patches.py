"""Patches: how they read, and that they make exactly the trees they were made from."""

import re
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps import patch
from lab.steps.record import record
from lab.steps.route import Route, Trees
from lab.steps.store import Store
from lab.steps.verify import verify
from lab.tests.steps.conftest import describe, put


def text(root: Path, step: str) -> str:
    return next(root.glob(f"*/diffs/{step}-*.patch")).read_bytes().decode()


def files_in(patch_text: str) -> list[str]:
    return re.findall(r"^diff --git .* \"?b/(.+?)\"?$", patch_text, re.MULTILINE)


def assert_verifies(root: Path, store: Store) -> None:
    assert list(verify(Trees(store, Route(root))))


def test_the_whole_path_verifies(root: Path, store: Store) -> None:
    lines = list(verify(Trees(store, Route(root))))
    assert [line.split("   ")[0].strip() for line in lines if line.startswith("step")] == [
        f"step {phase}.{number}" for phase in (1, 2) for number in (1, 2, 3)
    ]
    assert "phase2-gateway: 17 files, as step 2.3 leaves it" in lines[-1]


def test_files_come_in_the_order_of_their_roles(root: Path) -> None:
    assert files_in(text(root, "1.1"))[:2] == ["tests/test_cache.py", "app/auth.py"]


def test_index_lines_are_kept_for_binary_files_only(root: Path) -> None:
    sections = patch.sections(text(root, "1.1").encode())
    with_index = [part for part in sections if re.search(rb"^index ", part, re.MULTILINE)]
    assert [b"logo.bin" in part for part in with_index] == [True]


def test_a_move_is_a_move(root: Path) -> None:
    assert "rename from app/messages.py\nrename to app/chat/messages.py\n" in text(root, "1.2")


def test_a_phases_own_files_are_in_no_patch(root: Path) -> None:
    names = {name for step in root.glob("*/diffs/*.patch") for name in files_in(step.read_text())}
    assert not {"README.md", "architecture.svg", "diffs/README.md"} & names
    assert "notes/README.md" in names


def test_recording_again_writes_the_same_bytes(root: Path, store: Store) -> None:
    before = text(root, "2.3")
    record(Trees(store, Route(root)), "2.3")
    assert text(root, "2.3") == before


def test_ignored_files_do_not_count(root: Path, store: Store) -> None:
    put(root / "phase2-gateway", {"app/__pycache__/x.pyc": b"\0"})
    assert_verifies(root, store)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"app/auth.py": "changed\n"}, r"app/auth.py differs from line 1 on"),
        ({"art/logo.bin": b"\0"}, "art/logo.bin has other bytes"),
        ({"run.sh*": "#!/bin/sh\necho run\n"}, "run.sh is executable and should be a plain file"),
        ({"link@": "no link any more\n"}, "link is a symbolic link and should be a plain file"),
        ({"app/chat/messages.py": None}, "app/chat/messages.py is missing"),
        ({"extra.txt": ""}, "extra.txt is there, and no patch makes it"),
        ({"no-end.txt": "no line break at the end, still\n"}, "no-end.txt differs from line 2 on"),
    ],
)
def test_verify_names_the_first_file_that_differs(
    root: Path, store: Store, files: dict[str, str | bytes | None], words: str
) -> None:
    put(root / "phase2-gateway", files)
    with pytest.raises(LabError, match=f"phase2-gateway is not what .*: {words}"):
        assert_verifies(root, store)


def test_a_patch_that_no_longer_applies_names_file_and_hunk(root: Path, store: Store) -> None:
    auth = root / "phase0-mvp" / "app" / "auth.py"
    auth.write_text(auth.read_text().replace("hello", "good day"))
    with pytest.raises(LabError, match=r"1\.1-change\.patch no longer applies to phase0") as seen:
        assert_verifies(root, store)
    assert "app/auth.py, hunk 1 (@@ -5,3 +5,7 @@ def token_of" in str(seen.value)
    assert "docs/path.md" in (seen.value.hint or "")


def test_a_binary_change_without_its_index_line_is_noticed(root: Path, store: Store) -> None:
    """git apply skips it, in some versions with exit code 0: the tree tells."""
    file = next(root.glob("*/diffs/1.1-*.patch"))
    file.write_bytes(re.sub(rb"^index .*\n", b"", file.read_bytes(), flags=re.MULTILINE))
    with pytest.raises(LabError, match=r"logo\.bin|binary patch"):
        assert_verifies(root, store)


def test_a_patch_out_of_place_is_named(root: Path, store: Store) -> None:
    next(root.glob("*/diffs/1.2-*.patch")).unlink()
    with pytest.raises(LabError, match=r"1\.3-change\.patch is out of place.*1\.2"):
        assert_verifies(root, store)


def test_a_phase_must_be_finished_before_the_next(root: Path, store: Store) -> None:
    next(root.glob("*/diffs/1.3-*.patch")).unlink()
    with pytest.raises(LabError, match=r"phase 1 has 2 of 3 steps, but phase 2 goes on"):
        assert_verifies(root, store)


def test_a_phase_in_the_making_verifies(root: Path, store: Store) -> None:
    for step in ("2.2", "2.3"):
        next(root.glob(f"*/diffs/{step}-*.patch")).unlink()
    store.write_out(store.snapshot(root / "phase1-foundation"), root / "phase2-gateway")
    tree = store.snapshot(root / "phase1-foundation")
    tree = store.apply(tree, text(root, "2.1").encode())
    store.write_out(tree, root / "phase2-gateway")
    assert any("as step 2.1 leaves it" in line for line in verify(Trees(store, Route(root))))


def test_a_phase_without_recorded_steps_is_not_on_the_path_yet(root: Path, store: Store) -> None:
    put(root / "phase3-messaging", {"compose.yaml": "services: {}\n"})
    assert list(verify(Trees(store, Route(root))))[-1].endswith("no step recorded yet")


def test_a_role_that_the_step_does_not_touch_is_named(root: Path, store: Store) -> None:
    readme = root / "phase1-foundation" / "diffs" / "README.md"
    readme.write_text(readme.read_text().replace("first: `tests/`", "first: `no/such.py`"))
    with pytest.raises(LabError, match=r"1\.1 does not touch 'no/such\.py'"):
        assert_verifies(root, store)


def test_a_line_to_read_first_must_be_one_that_the_step_adds(root: Path, store: Store) -> None:
    readme = root / "phase1-foundation" / "diffs" / "README.md"
    readme.write_text(readme.read_text().replace("`def get(`", "`def got(`"))
    with pytest.raises(LabError, match=r"adds no line with 'def got\(' to app/cache\.py"):
        assert_verifies(root, store)


def test_record_refuses_what_cannot_be_recorded(root: Path, store: Store) -> None:
    for step, words in [
        ("1.3", "phase 2 goes on from phase 1"),
        ("2.2", "cannot be recorded now"),
        ("2.4", "cannot be recorded now"),
        ("3.1", "no directory of phase 3"),
        ("two", "is no step"),
    ]:
        with pytest.raises(LabError, match=words):
            record(Trees(store, Route(root)), step)


def test_record_wants_a_description_and_a_change(root: Path, store: Store) -> None:
    phase = root / "phase3-messaging"
    store.write_out(store.snapshot(root / "phase2-gateway"), phase)
    with pytest.raises(LabError, match=r"no section on step 3\.1"):
        record(Trees(store, Route(root)), "3.1")
    describe(phase, "3.1")
    with pytest.raises(LabError, match=r"what it was before step 3\.1"):
        record(Trees(store, Route(root)), "3.1")


def test_a_new_slug_replaces_the_old_patch(root: Path, store: Store) -> None:
    readme = root / "phase2-gateway" / "diffs" / "README.md"
    readme.write_text(readme.read_text().replace("2.3-change", "2.3-renamed"))
    record(Trees(store, Route(root)), "2.3")
    assert [file.name for file in root.glob("*/diffs/2.3-*")] == ["2.3-renamed.patch"]
    assert_verifies(root, store)
