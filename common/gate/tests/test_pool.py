"""Parts at once: never two of the same turn, none left running."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gate.attempt import Attempt, Process
from gate.parts import Part
from gate.pool import run

NAP = "import time; time.sleep(0.3)"
FOR_EVER = "import time; print('begun', flush=True); time.sleep(600)"


def part(name: str, turn: str, code: str = NAP) -> Part:
    return Part(name, name, (sys.executable, "-c", code), turn=turn)


def test_parts_of_one_turn_never_run_at_once(tmp_path: Path) -> None:
    begun: list[str] = []
    seen: list[set[str]] = []
    running: set[str] = set()

    def start(one: Part) -> Process:
        begun.append(one.name)
        running.add(one.name)
        seen.append(set(running))
        return Process(one.first, tmp_path / one.name)

    def ended(one: Part, attempt: Attempt) -> None:
        assert attempt.code == 0
        running.remove(one.name)

    run([part("a1", "a"), part("a2", "a"), part("b1", "b"), part("b2", "b")], start, ended, 2)
    assert begun[:2] == ["a1", "b1"]
    assert sorted(begun) == ["a1", "a2", "b1", "b2"]
    assert {"a1", "b1"} in seen
    assert not any({"a1", "a2"} <= now or {"b1", "b2"} <= now for now in seen)
    assert max(map(len, seen)) == 2


def test_no_two_systems_are_under_docker_at_once(tmp_path: Path) -> None:
    seen: list[set[str]] = []
    running: set[str] = set()

    def start(one: Part) -> Process:
        running.add(one.name)
        seen.append(set(running))
        return Process(one.first, tmp_path / one.name)

    parts = [replace(part(name, name), docker=name != "c") for name in "abc"]
    run(parts, start, lambda one, _: running.remove(one.name), 3)
    assert {"a", "c"} in seen
    assert not any({"a", "b"} <= now for now in seen)


def test_parts_without_a_turn_run_beside_any_other(tmp_path: Path) -> None:
    running: set[str] = set()
    seen: list[set[str]] = []

    def start(one: Part) -> Process:
        running.add(one.name)
        seen.append(set(running))
        return Process(one.first, tmp_path / one.name)

    run([part("a", ""), part("b", "")], start, lambda one, _: running.remove(one.name), 2)
    assert seen == [{"a"}, {"a", "b"}]


def test_an_interrupt_ends_all_that_run(tmp_path: Path) -> None:
    pids: list[int] = []

    def start(one: Part) -> Process:
        if len(pids) == 1:
            raise KeyboardInterrupt
        process = Process(one.first, tmp_path / one.name)
        pids.append(process.pid)
        return process

    with pytest.raises(KeyboardInterrupt):
        run([part("a", "a", FOR_EVER), part("b", "b")], start, lambda *_: None, 2)
    assert not psutil.pid_exists(pids[0])


def test_what_hangs_is_ended(tmp_path: Path) -> None:
    attempt = Process([sys.executable, "-c", FOR_EVER], tmp_path / "log", patience=0.5).wait()
    assert attempt.hung
    assert attempt.code != 0
    assert not psutil.pid_exists(attempt.pid)


def test_what_a_command_leaves_running_does_not_keep_the_gate_waiting(tmp_path: Path) -> None:
    """As `lab up --detach` does."""
    nap = f"[{sys.executable!r}, '-c', 'import time; time.sleep(30)']"
    code = f"import subprocess; print(subprocess.Popen({nap}).pid, flush=True)"
    heard: list[str] = []
    began = time.monotonic()
    attempt = Process([sys.executable, "-c", code], tmp_path / "log", heard.append).wait()
    assert attempt.code == 0
    assert time.monotonic() - began < 30
    left = psutil.Process(int("".join(heard)))
    left.kill()
    assert (tmp_path / "log").read_text() == "".join(heard)
