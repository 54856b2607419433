"""What is left when guard and supervisor have been killed at the same moment."""

import contextlib
import os
import time

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


def _marked(instance: Instance) -> list[psutil.Process]:
    mark = str(instance.directory)
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
