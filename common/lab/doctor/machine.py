"""Memory, disk, Python and the ports that phases prefer."""

import os
import platform
import shutil

import psutil

from lab import engines, lockfile
from lab.doctor.report import Finding, MachineReport, PortReport
from lab.native.ports import is_free
from lab.paths import ROOT
from lab.phases import FIRST_PORT, TITLES

LOW_MEMORY = 512 * 2**20  # bytes: phase 0 and a browser
LOW_DISK = 2**30  # bytes: an image, its build, some data


def look() -> MachineReport:
    """Measure."""
    memory = psutil.virtual_memory()
    disk = shutil.disk_usage(ROOT)
    problems = [Finding(words, "./lab lock") for words in lockfile.behind()]
    if memory.available < LOW_MEMORY:
        problems.append(Finding("little memory is free: what runs may be killed", "./lab down"))
    if disk.free < LOW_DISK:
        problems.append(Finding(f"little room is left on the disk of {ROOT}", "df -h"))
    return MachineReport(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        memory_total=memory.total,
        memory_available=memory.available,
        disk_free=disk.free,
        problems=problems,
    )


def ports() -> list[PortReport]:
    """Tell of each phase's port, built or not, whether it is free or who listens there."""
    taken = [port for port in _preferred() if not is_free(port)]
    known = {**_programs(), **_ours()} if taken else {}
    unknown = "a program of somebody else"
    return [
        PortReport(port, phase, known.get(port, unknown) if port in taken else None)
        for port, phase in _preferred().items()
    ]


def _preferred() -> dict[int, str]:
    return {FIRST_PORT + number: f"phase{number}" for number in range(len(TITLES))}


def _ours() -> dict[int, str]:
    """Return port → instance for what this checkout runs, on either engine."""
    found = {}
    for instance in engines.running():
        status = engines.of(instance).status(instance)
        for service in status.services.values() if status else ():
            for address in (service.address or "").split(", "):
                port = address.rpartition(":")[2]
                if port.isdecimal():
                    found[int(port)] = f"{instance.directory.name} of this checkout"
    return found


def _programs() -> dict[int, str]:
    """Return port → program for every listening socket whose owner we may know."""
    found = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS tells it to root only
        return {}
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.pid:
            found[connection.laddr.port] = _describe(connection.pid)
    return found


def _describe(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{process.name()} (pid {pid}, {process.username()})"
    except psutil.Error:
        return f"pid {pid}"
