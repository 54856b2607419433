"""Ctrl-C in the middle of a drill or a bench: soon over, and nothing is left."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from lab.paths import ROOT, STATE

SOON = 30
"""Seconds; a service may take ten to stop."""


@pytest.mark.parametrize(
    ("words", "sign"),
    [(["drill", "0", "killed"], "running"), (["bench", "0", "--quick"], "round 1")],
)
def test_nothing_is_left(words: list[str], sign: str) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-P", "-m", "lab", *words, "--native"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert lab.stderr is not None
        assert any(sign in line for line in lab.stderr), "it never got that far"
        os.killpg(lab.pid, signal.SIGINT)  # as a terminal does: to everything in the foreground
        lab.stderr.read()
        assert lab.wait(SOON) == 130
    finally:
        lab.kill()
        lab.wait()
    name = f"test-phase0-{lab.pid}"
    assert not (STATE / name).exists()
    assert [one.pid for one in psutil.process_iter() if name in " ".join(_words(one))] == []


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
