"""What is left when guard and supervisor have been killed at the same moment."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from lab.instance import Instance
from lab.native.plan import MARK

GRACE = 3.0  # seconds


def end(instance: Instance) -> int:
    """Stop, then kill, every process that carries the instance's mark; returns how many."""
    found = _marked(instance)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE) if found else ([], [])
    deadline = time.monotonic() + GRACE
    while alive and time.monotonic() < deadline:
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=0.5)
        alive = _marked(instance)
    return len(found)


def below(state: Path) -> dict[Path, int]:
    """Count the processes of every instance that has its directory in `state`."""
    directories = [Path(mark) for _, mark in _marks()]
    return Counter(one for one in directories if one.parent == state)


def _marked(instance: Instance) -> list[psutil.Process]:
    return [process for process, mark in _marks() if mark == str(instance.directory)]


def _marks() -> Iterator[tuple[psutil.Process, str]]:
    """Yield each process that was started for an instance, with that instance's directory."""
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK)
        except (psutil.Error, OSError):
            continue
        if mark is not None and process.pid != os.getpid():
            yield process, mark
