"""What is left when guard and supervisor have been killed at the same moment."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from lab.instance import Instance
from lab.native.plan import MARK

GRACE = 3.0  # seconds
_POLL = 0.02


def end(instance: Instance) -> int:
    """Stop, then kill, every process that carries the instance's mark; returns how many."""
    found = alive = _marked(instance)
    _send(found, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while (alive := list(filter(_lives, alive))) and time.monotonic() < deadline:
        time.sleep(_POLL)
    deadline = time.monotonic() + GRACE
    while alive and time.monotonic() < deadline:
        _send(alive, signal.SIGKILL)
        time.sleep(_POLL)
        alive = _marked(instance)
    return len(found)


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _lives(process: psutil.Process) -> bool:
    """Tell whether it does anything yet; whose child it is may be slow to collect the dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


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
