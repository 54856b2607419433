"""What is left running is found, and what is left over is taken away."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gate.leftovers import keep_logs, leftovers
from lab.paths import STATE


def test_a_process_of_the_checkout_is_found(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    child = subprocess.Popen([python, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        found = [one for one in leftovers(tmp_path, tmp_path) if one.startswith("process")]
        assert [one.split(":")[0] for one in found] == [f"process {child.pid}"]
    finally:
        child.communicate()
    assert not [one for one in leftovers(tmp_path, tmp_path) if one.startswith("process")]


def test_a_container_of_the_checkout_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "docker"
    rows = rf"chat-1\t{tmp_path}/clone/phase0-mvp\nother\t/elsewhere\nno-label\t\n"
    docker.write_text(f"#!/bin/sh\nprintf '{rows}'\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = leftovers(tmp_path / "clone", tmp_path / "clone" / ".venv")
    assert [one for one in found if one.startswith("container")] == ["container chat-1"]


def test_the_logs_of_a_system_outlive_it(tmp_path: Path) -> None:
    logs = STATE / "test-gate-logs-999999999" / "logs"
    logs.mkdir(parents=True)
    try:
        (logs / "chat.log").write_text("said")
        keep_logs(999999999, tmp_path / "kept")
    finally:
        shutil.rmtree(logs.parent)
    assert (tmp_path / "kept" / "chat.log").read_text() == "said"
