"""Who listens on the ports that were chosen: our services, or somebody who was quicker."""

import os

import psutil

from lab.native.plan import Plan
from lab.native.ports import is_free


def taken_ports(plan: Plan) -> set[int]:
    """Return the ports of the plan on which a process listens that is not ours.

    Called by the supervisor: ours is what descends from it or from the guard, its parent.
    """
    wanted = {port for port in plan.ports() if not is_free(port)}
    if not wanted:
        return set()
    taken = set()
    for connection in psutil.net_connections(kind="tcp"):
        here = connection.laddr.port if connection.laddr else None
        if connection.status == psutil.CONN_LISTEN and here in wanted:
            owner = connection.pid
            if owner is None or not _is_ours(owner):
                taken.add(here)
    return taken


def _is_ours(pid: int) -> bool:
    family = {os.getpid(), os.getppid()}
    try:
        return any(parent.pid in family for parent in psutil.Process(pid).parents())
    except psutil.Error:
        return False
