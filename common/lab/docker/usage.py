"""Memory and processor time of containers, from their control groups."""

import time
from collections.abc import Mapping
from typing import Any

from lab.docker.api import Api, MissingError
from lab.docker.containers import Container
from lab.engine import Usage

_NANO = 1e-9


def measure(api: Api, containers: Mapping[str, Container], seconds: float) -> dict[str, Usage]:
    """Look twice, `seconds` apart; containers that end meanwhile are left out."""
    before = {name: _look(api, one) for name, one in containers.items()}
    began = time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    result = {}
    for name, one in containers.items():
        now, then = _look(api, one), before[name]
        if now is not None and then is not None:
            percent = 100 * max(_cpu(now) - _cpu(then), 0) / lasted
            result[name] = Usage(_memory(now), percent, _cpu(now))
    return result


def _look(api: Api, container: Container) -> dict[str, Any] | None:
    try:
        stats = api.get(f"/containers/{container.id}/stats", stream=False, **{"one-shot": True})
    except MissingError:
        return None
    return stats if stats["memory_stats"].get("usage") else None


def _cpu(stats: dict[str, Any]) -> float:
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) * _NANO


def _memory(stats: dict[str, Any]) -> int:
    """Return bytes as `docker stats` does: without file pages that could be dropped."""
    memory = stats["memory_stats"]
    details = memory.get("stats", {})  # their names differ between versions 1 and 2 of cgroups
    droppable = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(memory["usage"]) - int(droppable)
