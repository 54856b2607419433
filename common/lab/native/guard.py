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
        signal.signal(number, lambda received, _: _send(supervisor.pid, received))
    while True:
        pid, status = os.wait()
        if pid == supervisor.pid:
            break
    code = os.waitstatus_to_exitcode(status)
    end_orphans(GRACE if code else 0.0)  # after an orderly end there is nobody left to ask
    return code != 0


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def end_orphans(grace: float) -> None:
    """Ask our children to stop, kill them after grace (seconds), go on until none is left.

    Those that become our children meanwhile have lost the service that they belonged to:
    they are killed at once, as in a container whose main process ends.
    """
    asked = _children()
    for pid in asked:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while _reap():
        late = time.monotonic() > deadline
        for pid in _children():
            if late or pid not in asked:
                _send(pid, signal.SIGKILL)
        time.sleep(0.02)


def _children() -> set[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:  # noqa: PTH123 - light import
        return set(map(int, listing.read().split()))


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
