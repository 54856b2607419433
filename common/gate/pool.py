"""Parts at once, as many as there is room for."""

import os
import time
from collections.abc import Callable, Sequence

import psutil

from gate.attempt import LOOK, Attempt, Process
from gate.parts import Part

_MEMORY_EACH = 2 * 2**30  # bytes


def width() -> int:
    """Return how many parts to run at once: three on two cores, since each often waits."""
    cores = len(os.sched_getaffinity(0))
    room = int(psutil.virtual_memory().total / _MEMORY_EACH)
    return max(1, min(3 if cores > 1 else 1, room))


def run(
    parts: Sequence[Part],
    start: Callable[[Part], Process],
    ended: Callable[[Part, Attempt], None],
    at_once: int,
) -> None:
    """Run the parts, never two of the same turn at once; `ended` is told each end.

    Nor two under Docker: a test of the archive has two systems up, some thirty containers.
    """
    waiting, running = list(parts), dict[Part, Process]()
    try:
        while waiting or running:
            while len(running) < at_once and (part := _next(waiting, running)) is not None:
                waiting.remove(part)
                running[part] = start(part)
            time.sleep(LOOK)
            for part, process in list(running.items()):
                if (attempt := process.poll()) is not None:
                    del running[part]
                    ended(part, attempt)
    finally:
        for process in running.values():
            process.end()


def _next(waiting: Sequence[Part], running: dict[Part, Process]) -> Part | None:
    taken = {part.turn for part in running if part.turn}
    docker = any(part.docker for part in running)
    free = (part for part in waiting if part.turn not in taken and not (docker and part.docker))
    return next(free, None)
