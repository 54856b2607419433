"""Which cores the measured system and the load generator run on."""

import contextlib
import os
from collections.abc import Iterable

import psutil


def available() -> list[int]:
    """Return the cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def pin(pids: Iterable[int], cores: Iterable[int]) -> None:
    """Bind every thread of these processes and of their descendants; new threads inherit it."""
    wanted = set(cores)
    for pid in pids:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            for thread in process.threads():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(thread.id, wanted)
