"""Seed, export, import and reset, typed at a running phase 0 that is a copy of its own."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.data import Data, private_file
from lab.errors import LabError
from lab.paths import ROOT
from lab.tests.copies import call, instance_of, lab, running_copy


@pytest.fixture(scope="module")
def phase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running copy of phase 0, by the name that commands take."""
    place = tmp_path_factory.mktemp("data")
    (place / "common").symlink_to(ROOT / "common")
    with running_copy(place, "data-test") as name:
        yield name


@pytest.fixture
def empty(phase: str) -> str:
    """The same, without data."""
    Data(instance_of(phase), quiet=True).empty()
    return phase


def test_after_seeding_a_sample_login_finds_history_and_unread(
    empty: str, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    lab("seed", empty, "--json")
    said = json.loads(capfd.readouterr().out)
    assert said["counts"]["message"] > 5000
    token = call(empty, "/auth/login", said["logins"][0])["access_token"]
    conversations = call(empty, "/conversations?limit=100", token=token)["items"]
    assert any(one["unread_count"] for one in conversations)
    history = call(empty, f"/conversations/{conversations[0]['id']}/messages", token=token)
    assert len(history["items"]) > 10


def test_an_archive_goes_round_and_the_way_is_shown(empty: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    lab("seed", empty, "--day", "2026-11-23")
    lab("export", empty, str(one))
    assert one.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LabError, match="is not empty: it holds 48 people") as refused:
        lab("import", empty, str(one))
    assert "--empty" in str(refused.value.hint)
    with pytest.raises(LabError, match="is not empty") as refused:
        lab("seed", empty)
    assert "./lab reset" in str(refused.value.hint)
    lab("reset", empty, "--empty")
    lab("import", empty, str(one))
    lab("export", empty, str(two))
    assert one.read_bytes() == two.read_bytes()


def test_an_archive_replaces_ordinary_files_only(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("there")
    with private_file(tmp_path / "link") as file:
        file.write(b"x")
    assert (tmp_path / "there").read_bytes() == b"x"
    assert (tmp_path / "link").is_symlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LabError, match="no ordinary file"), private_file(tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").is_fifo()


def test_reset_brings_the_seeded_world_back_and_keeps_what_it_replaces(
    empty: str, tmp_path: Path
) -> None:
    seeded, again = tmp_path / "seeded.jsonl", tmp_path / "again.jsonl"
    lab("seed", empty, "--number", "3", "--day", "2026-11-20")
    lab("export", empty, str(seeded))
    kept = instance_of(empty).directory / "replaced"
    before = set(kept.glob("*"))
    newcomer = {"username": "new.one", "password": "correct horse", "display_name": "N"}
    token = call(empty, "/auth/register", newcomer)["access_token"]
    lab("reset", empty)
    (replaced,) = set(kept.glob("*")) - before
    assert b'"new.one"' in replaced.read_bytes()
    lab("export", empty, str(again))
    assert again.read_bytes() == seeded.read_bytes()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        call(empty, "/profiles/me", token=token)
    lab("reset", empty)
    assert len(set(kept.glob("*")) - before) == 1, "the seeded world itself need not be kept"


def test_a_damaged_archive_is_refused_and_leaves_nothing(
    empty: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"type":"header","format":"chat-archive","version":1}\n')
    with pytest.raises(LabError, match="did not import"):
        lab("import", empty, str(tmp_path / "a.jsonl"))
    assert "line 2: the archive ends before its trailer" in capfd.readouterr().err
    lab("seed", empty)


def test_a_phase_that_is_not_running_is_named_with_the_way_to_start_it(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(LabError, match="is not running") as refused:
        lab("seed", str(tmp_path))
    assert "./lab up" in str(refused.value.hint)


def test_without_a_service_that_names_the_command_no_data_is_moved(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  other: {}\n")
    with pytest.raises(LabError, match="must name the command") as refused:
        Data(instance_of(str(tmp_path)))
    assert "x-lab" in str(refused.value.hint)
