"""Starting and ending one process and whatever it has started."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux prctl)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux prctl)."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def before_exec(number: int) -> Callable[[], None]:
    """Return what a child does before it becomes another program: tie its life to ours.

    The signal is also sent if we ended before the child asked for it.
    """
    parent = os.getpid()

    def tie() -> None:
        die_with_parent(number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)

    return tie


async def spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    output: int,
    stop_signal: signal.Signals = signal.SIGKILL,
) -> asyncio.subprocess.Process:
    """Start a program as the leader of its own process group.

    output is the descriptor for both its streams. Raises OSError if there is no such program
    or directory.
    """
    return await asyncio.create_subprocess_exec(
        *argv,
        env=environment,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=before_exec(stop_signal),
    )


def kill_group(pid: int) -> None:
    """Kill what is left of the process group that pid leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def end(process: asyncio.subprocess.Process, number: signal.Signals, grace: float) -> bool:
    """Send the main process a signal, and kill the group after grace seconds.

    Returns whether it ended by itself.
    """
    in_time = True
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        async with asyncio.timeout(grace):
            await process.wait()
    except TimeoutError:
        in_time = False
    kill_group(process.pid)
    await process.wait()
    return in_time
