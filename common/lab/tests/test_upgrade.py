"""`lab upgrade`, typed at two running copies of phase 0; and what it compares."""

import hashlib
import io
import json
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from world.generate import PASSWORD, SAMPLES

from lab.archive import Archive, pairs, same
from lab.cli.upgrade import _require_order
from lab.data import Data
from lab.errors import INTERRUPTED, LabError, NotRunningError, UsageError
from lab.freeze import frozen
from lab.instance import Instance
from lab.paths import ROOT
from lab.phases import Phase
from lab.tests.conftest import PATIENCE, wait_for
from lab.tests.copies import call, instance_of, lab, running_copy


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two running systems."""
    place = tmp_path_factory.mktemp("upgrade")
    (place / "common").symlink_to(ROOT / "common")
    with running_copy(place, "upgrade-old") as old, running_copy(place, "upgrade-new") as new:
        lab("seed", old, "--day", "2026-11-23")
        yield old, new


@pytest.fixture
def old(both: tuple[str, str]) -> str:
    """The system that is upgraded, with a seeded world."""
    return both[0]


@pytest.fixture
def new(both: tuple[str, str]) -> str:
    """The system that it is upgraded to, empty."""
    data_of(both[1]).empty()
    return both[1]


def data_of(phase: str) -> Data:
    return Data(instance_of(phase), quiet=True)


def archive_of(phase: str) -> bytes:
    words = [sys.executable, "-P", "-m", "lab", "export", phase, "-"]
    return subprocess.run(words, capture_output=True, check=True).stdout


def log_in(phase: str) -> str:
    login = {"username": SAMPLES[0], "password": PASSWORD}
    return str(call(phase, "/auth/login", login)["access_token"])


def test_everything_is_carried_over_once_and_logins_go_on(
    old: str, new: str, capfd: pytest.CaptureFixture[str]
) -> None:
    token = log_in(old)
    capfd.readouterr()
    lab("upgrade", old, new)
    said = capfd.readouterr().out
    assert "holds all that" in said
    assert "the same bytes on both sides: SHA-256" in said
    held = archive_of(new)
    assert held == archive_of(old)
    before, after = (call(phase, "/conversations?limit=100", token=token) for phase in (old, new))
    assert before == after
    assert before["items"]
    lab("upgrade", old, new)
    assert "held already all that" in capfd.readouterr().out
    assert archive_of(new) == held
    for phase in (old, new):
        log_in(phase)  # both take writes


def test_a_run_that_is_killed_can_be_run_again(old: str, new: str) -> None:
    killed = begun(old, new)
    killed.kill()
    killed.wait()
    with pytest.raises(urllib.error.HTTPError, match="503"):
        log_in(old)
    wait_for(lambda: data_of(new).state().mode != "importing")  # what was begun has ended
    lab("upgrade", old, new)
    log_in(old)


def test_a_run_that_is_interrupted_leaves_the_old_one_as_it_was(old: str, new: str) -> None:
    stopped = begun(old, new)
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(PATIENCE) == INTERRUPTED
    log_in(old)


def begun(old: str, new: str) -> "subprocess.Popen[bytes]":
    """Start an upgrade; returns when it has stopped the writes."""
    words = [sys.executable, "-P", "-m", "lab", "upgrade", old, new]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: data_of(old).state().read_only)
    return process


def test_a_phase_that_was_read_only_stays_so(old: str) -> None:
    lab("read-only", old, "on")
    with frozen(instance_of(old), read_only=True) as before:
        assert before
    assert data_of(old).state().read_only
    lab("read-only", old, "off")
    log_in(old)


def test_a_phase_that_holds_something_else_is_not_touched(old: str, new: str) -> None:
    newcomer = {"username": "new.one", "password": "correct horse", "display_name": "N"}
    call(new, "/auth/register", newcomer)
    with pytest.raises(LabError, match="is not empty: it holds 1 person") as refused:
        lab("upgrade", old, new)
    assert refused.value.hint is not None
    assert "--empty" in refused.value.hint
    assert data_of(new).counts()["user"] == 1
    assert not data_of(old).state().read_only


def test_a_phase_that_holds_as_much_but_not_the_same_is_named(old: str, new: str) -> None:
    with tempfile.TemporaryFile() as copy:
        copy.write(archive_of(old))
        copy.seek(0)
        data_of(new).import_from(copy)
    for phase in (old, new):
        log_in(phase)  # as many logins in both, but not the same
    with pytest.raises(LabError, match=r"line \d+ of the archive differs") as refused:
        lab("upgrade", old, new)
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("begin again: ./lab reset")
    assert not data_of(old).state().read_only
    assert not data_of(new).state().read_only


def test_what_does_not_run_is_named(old: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    for words in ((str(tmp_path), old), (old, str(tmp_path))):
        with pytest.raises(NotRunningError, match="is not running"):
            lab("upgrade", *words)


def instance(name: str) -> Instance:
    return Instance(Phase(name, name, ROOT, 0), ROOT / name)


@pytest.mark.parametrize(("old", "new"), [("phase1", "phase0"), ("phase1", "1.2"), ("2.2", "2.1")])
def test_an_older_phase_is_refused(old: str, new: str) -> None:
    with pytest.raises(UsageError, match=f"{new} is older than {old}"):
        _require_order(instance(old), instance(new))
    _require_order(instance(new), instance(old))


def test_a_phase_is_not_upgraded_to_itself() -> None:
    with pytest.raises(UsageError, match="to itself"):
        _require_order(instance("phase0"), instance("phase0"))


def archive(*records: str) -> Archive:
    """Write an archive of records such as `user,"id":1`, with a trailer that fits."""
    lines = ["header", *records]
    text = "".join(
        f'{{"type":"{kind}"{comma}{rest}}}\n'
        for kind, comma, rest in (one.partition(",") for one in lines)
    ).encode()
    kinds = [one.partition(",")[0] for one in records]
    counts = {kind: kinds.count(kind) for kind in kinds}
    trailer = {"type": "trailer", "counts": counts, "sha256": hashlib.sha256(text).hexdigest()}
    last = json.dumps(trailer, separators=(",", ":"))
    return Archive(io.BytesIO(text + last.encode() + b"\n"))


@pytest.mark.parametrize(
    ("old", "new", "equal"),
    [
        (['user,"id":1'], ['user,"id":1'], True),
        (['user,"id":1'], ['user,"id":1,"later":null'], True),
        (['user,"id":1'], ['user,"id":1', 'media,"id":1'], True),
        (['user,"id":1', 'user,"id":2'], ['media,"id":0', 'user,"id":1', 'user,"id":2'], True),
        (['user,"id":1'], ['user,"id":2'], False),
        (['user,"id":1,"name":null'], ['user,"id":1'], False),
        (['user,"id":1'], [], False),
        ([], ['user,"id":1'], False),
        (['user,"id":1'], ['user,"id":1', 'user,"id":2'], False),
        (['user,"access_tokens":[1]'], ['user,"access_tokens":[]'], True),
        (['user,"access_tokens":[1, 2]'], ['user,"access_tokens":[1]'], False),
        (['user,"refresh_tokens":[1]'], ['user,"refresh_tokens":[]'], False),
    ],
)
def test_records_are_compared_as_far_as_both_know_them(
    old: list[str], new: list[str], *, equal: bool
) -> None:
    found = pairs(archive(*old), archive(*new), {"user"})
    assert all(same(ours, theirs) for ours, theirs in found) is equal


@pytest.mark.parametrize(("cut", "words"), [(-1, "cut off"), (None, "damaged")])
def test_a_broken_archive_is_noticed(cut: int | None, words: str) -> None:
    lines = archive('user,"id":1')._file.readlines()
    lines = lines[:cut] if cut else [lines[0], lines[1].replace(b"1", b"2"), lines[2]]
    with pytest.raises(LabError, match=words):
        list(Archive(io.BytesIO(b"".join(lines))))
