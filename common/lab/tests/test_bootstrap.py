"""First use: what is made, and one clear sentence where it cannot be."""

import importlib.util
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from lab import bootstrap
from lab.paths import ROOT, VENV

TOOLS = ("sh", "dirname", "readlink", "cmp", "cat")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what first use needs."""
    root = tmp_path / "checkout"
    (root / "common" / "lab").mkdir(parents=True)
    shutil.copy(ROOT / "lab", root)
    shutil.copy(ROOT / "common" / "lab" / "bootstrap.py", root / "common" / "lab")
    shutil.copy(ROOT / "requirements.lock", root)
    return root


def run(root: Path, path: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [root / "lab", "--help"],
        env={"PATH": path, "HOME": str(root), **extra},
        capture_output=True,
        text=True,
        check=False,
    )


def tools(directory: Path, python: str | None = None) -> str:
    """Make a PATH with the basic tools, and a python3 that is this shell script."""
    directory.mkdir()
    for name in TOOLS:
        (directory / name).symlink_to(shutil.which(name) or name)
    if python is not None:
        (directory / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (directory / "python3").chmod(0o755)
    return str(directory)


def test_an_old_python_is_named_with_its_version(checkout: Path, tmp_path: Path) -> None:
    old = '[ "$1" = --version ] && echo Python 3.9.2; exit 1'
    done = run(checkout, tools(tmp_path / "bin", old))
    assert done.returncode == 69
    assert "needs Python 3.11 or newer, but python3 here is Python 3.9.2" in done.stderr


def test_no_python_at_all(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, tools(tmp_path / "bin"))
    assert done.returncode == 69
    assert "there is no python3 on the PATH" in done.stderr


def test_a_missing_lock_is_named_with_the_command_that_brings_it_back(checkout: Path) -> None:
    (checkout / "requirements.lock").unlink()
    done = run(checkout, os.environ["PATH"])
    assert done.returncode == 69
    assert "git -C" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_it_says_so(checkout: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": "/"}
    done = run(checkout, os.environ["PATH"], **nowhere)
    assert done.returncode == 69
    assert "no network" in done.stderr
    assert not (checkout / ".venv" / "made-for").exists()  # so that the next run repairs it


def finish(root: Path) -> None:
    """Leave what a finished creation leaves."""
    (root / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    (root / ".venv" / "bin" / "python").symlink_to(VENV / "bin" / "python")
    shutil.copy(root / "requirements.lock", root / ".venv" / "made-from.lock")
    (root / ".venv" / "made-for").write_text(f"{root}\n")


def test_two_at_once_make_it_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()
    made = []

    def create(root: Path, lock_file: Path) -> None:
        made.append(root)
        entered.set()
        leave.wait(10)
        finish(root)

    monkeypatch.setattr(bootstrap, "_create", create)
    waiting = threading.Event()
    monkeypatch.setattr(bootstrap, "say", lambda _: waiting.set())
    both = [threading.Thread(target=bootstrap.main, args=(checkout,)) for _ in range(2)]
    both[0].start()
    assert entered.wait(10)
    both[1].start()
    assert waiting.wait(10)
    leave.set()
    for one in both:
        one.join(10)
    assert len(made) == 1


@pytest.mark.parametrize("unfinished", ["made-for", "made-from.lock"])
def test_an_interrupted_creation_is_not_current(checkout: Path, unfinished: str) -> None:
    finish(checkout)
    lock = checkout / "requirements.lock"
    assert bootstrap._is_current(checkout, lock)
    (checkout / ".venv" / unfinished).unlink()
    assert not bootstrap._is_current(checkout, lock)


def test_a_changed_lock_and_a_moved_checkout_are_noticed(checkout: Path, tmp_path: Path) -> None:
    finish(checkout)
    moved = checkout.rename(tmp_path / "moved")
    assert not bootstrap._is_current(moved, moved / "requirements.lock")
    checkout = moved.rename(checkout)
    (checkout / "requirements.lock").write_text("changed")
    assert not bootstrap._is_current(checkout, checkout / "requirements.lock")


def complaint(checkout: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert bootstrap.main(checkout) == 69
    return capsys.readouterr().err


def test_a_read_only_checkout(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "is read-only" in complaint(checkout, capsys)


def test_a_full_disk(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 2**20, 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "only 1 MB free" in complaint(checkout, capsys)


def test_an_environment_behind_a_link_is_not_touched(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "made-for").write_text("somebody else\n")
    (checkout / ".venv").symlink_to(other)
    assert "is a link" in complaint(checkout, capsys)
    assert (other / "made-for").read_text() == "somebody else\n"


def test_a_missing_venv_module_that_needs_a_password(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert "sudo apt-get install python3.1" in complaint(checkout, capsys)


def test_a_missing_venv_module_is_installed_after_saying_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = []

    def apt(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        commands.append(command[1])
        known = commands.count("update") > 0  # a fresh machine knows no packages
        return subprocess.CompletedProcess(command, 0 if known else 100, "", "not found")

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(bootstrap, "root_prefix", list)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", apt)
    bootstrap._check_venv_module()
    assert commands == ["install", "update", "install"]
    assert "installing Debian's python3.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "is full"),
        ("error: Read-only file system (os error 30)", "cannot write"),
        ("Temporary failure in name resolution", "no network"),
        ("error sending request for url", "no network"),
        ("something else\n  entirely", "entirely\n.*rm -rf"),
    ],
)
def test_an_installers_error_becomes_a_sentence(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
    words: str,
) -> None:
    assert re.search(words, bootstrap._explain(output, checkout))
