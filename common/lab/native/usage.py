"""Memory and processor time of a service: its main process and all that descend from it."""

import time
from collections.abc import Mapping

import psutil

from lab.engine import Usage


def measure(pids: Mapping[str, int], seconds: float) -> dict[str, Usage]:
    """Look twice, `seconds` apart; services that end meanwhile are left out."""
    before = {service: _cpu_seconds(pid) for service, pid in pids.items()}
    began = time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    result = {}
    for service, pid in pids.items():
        now, then = _cpu_seconds(pid), before[service]
        if now is not None and then is not None:
            percent = 100 * max(now - then, 0) / lasted
            result[service] = Usage(_memory(pid), percent, now)
    return result


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it. Raises psutil.Error."""
    main = psutil.Process(pid)
    return [main, *main.children(recursive=True)]


def _cpu_seconds(pid: int) -> float | None:
    """Return user and system time of the living, and of the dead that were waited for."""
    try:
        return sum(sum(process.cpu_times()[:4]) for process in family(pid))
    except psutil.Error:
        return None


def _memory(pid: int) -> int:
    """Return resident bytes; what processes share is counted once (PSS) where that is known."""
    total = 0
    try:
        for process in family(pid):
            full = process.memory_full_info()
            total += getattr(full, "pss", full.rss)
    except psutil.Error:
        return total
    return total
