"""Memory and processor time of containers, from their control groups.

The groups are read where they lie, if the containers run on this machine's own kernel. Else the
engine is asked, which takes a second for each look: too long for a measurement.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.docker.api import Api, MissingError
from lab.docker.containers import Container
from lab.engine import Usage

GROUPS = Path("/sys/fs/cgroup")
_NANO, _MICRO = 1e-9, 1e-6


@dataclass(frozen=True)
class Look:
    """What a container has used so far, and the bytes that it holds now.

    Memory is counted as `docker stats` does: without file pages that could be dropped.
    """

    cpu_seconds: float
    memory: int


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
            percent = 100 * max(now.cpu_seconds - then.cpu_seconds, 0) / lasted
            result[name] = Usage(now.memory, percent, now.cpu_seconds)
    return result


def _look(api: Api, container: Container) -> Look | None:
    pid = container.raw["State"]["Pid"]
    return read(container.id, Path(f"/proc/{pid}/cgroup")) or _ask(api, container)


def read(container_id: str, membership: Path, groups: Path = GROUPS) -> Look | None:
    """Read a container's control groups, version 1 or 2; None if they are not here.

    membership lists the groups of its main process: /proc/PID/cgroup.
    """
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
        mine = {names: path.lstrip("/") for _, names, path in lines if container_id in path}
        if (groups / "cgroup.controllers").exists():
            return _read_version_2(groups / mine[""])
        by_controller = {name: path for names, path in mine.items() for name in names.split(",")}
        return _read_version_1(
            groups / "cpuacct" / by_controller["cpuacct"],
            groups / "memory" / by_controller["memory"],
        )
    except (OSError, KeyError):
        return None


def _read_version_2(group: Path) -> Look:
    cpu, memory = _figures(group / "cpu.stat"), _figures(group / "memory.stat")
    held = int((group / "memory.current").read_text())
    return Look(cpu["usage_usec"] * _MICRO, held - memory["inactive_file"])


def _read_version_1(cpu: Path, memory: Path) -> Look:
    held = int((memory / "memory.usage_in_bytes").read_text())
    droppable = _figures(memory / "memory.stat")["total_inactive_file"]
    return Look(int((cpu / "cpuacct.usage").read_text()) * _NANO, held - droppable)


def _figures(file: Path) -> dict[str, int]:
    return {key: int(value) for key, value in map(str.split, file.read_text().splitlines())}


def _ask(api: Api, container: Container) -> Look | None:
    try:
        stats = api.get(f"/containers/{container.id}/stats", stream=False, **{"one-shot": True})
    except MissingError:
        return None
    return _told(stats) if stats["memory_stats"].get("usage") else None


def _told(stats: Mapping[str, Any]) -> Look:
    memory = stats["memory_stats"]
    details = memory.get("stats", {})  # their names differ between versions 1 and 2 of cgroups
    droppable = details.get("total_inactive_file", details.get("inactive_file", 0))
    cpu = float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) * _NANO
    return Look(cpu, int(memory["usage"]) - int(droppable))
