"""The supervisor's parent: ends every process of an instance if the supervisor is killed.

It adopts whatever loses its own parent, so nothing that a service started can slip away,
not even a process in a session of its own. Should the guard be killed, the supervisor gets
SIGTERM from the kernel and stops everything by itself.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

from lab.native.process import adopt_orphans

GRACE = 8.0  # seconds that orphaned services get to stop by themselves


def main(descriptors: str, command: list[str]) -> int:
    """Run command, passing it the descriptors (`3,4`), and clean up after it."""
    adopt_orphans()
    inherited = [int(descriptor) for descriptor in descriptors.split(",")]
    supervisor = subprocess.Popen(command, pass_fds=inherited)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: _forward(supervisor.pid, received))
    while True:
        pid, status = os.wait()
        if pid == supervisor.pid:
            break
    end_orphans()
    return os.waitstatus_to_exitcode(status) != 0


def _forward(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def end_orphans() -> None:
    """Ask our children to stop, kill them after GRACE, and go on until none is left.

    What a child has started becomes our child when it dies.
    """
    _signal_children(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while _reap():
        if time.monotonic() > deadline:
            _signal_children(signal.SIGKILL)
        time.sleep(0.02)


def _signal_children(number: signal.Signals) -> None:
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:  # noqa: PTH123 - light import
        for pid in listing.read().split():
            _forward(int(pid), number)


def _reap() -> bool:
    """Collect children that have ended; tell whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
