"""One bash per document: what a command sets, the next one finds."""

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil


@dataclass(frozen=True)
class Result:
    """What a command wrote, on both streams as a terminal shows them, and its exit code."""

    output: str
    code: int


class Shell:
    """A bash in a directory; `close` ends it and what it has started in the foreground."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_let_ctrl_c_work,  # noqa: PLW1509 - the caller has one thread
        )

    def run(
        self, command: str, within: float, interrupt_when: Callable[[str], bool] | None = None
    ) -> Result:
        """Run a command to its end, or press Ctrl-C once its output is as wanted.

        Raises TimeoutError, with what came so far, after `within` seconds.
        """
        mark = f"--{uuid.uuid4()}--"
        line = f"eval {shlex.quote(command)} </dev/null; printf '\\n%s %d\\n' {mark} $?\n"
        stdin = _pipe(self._process.stdin)
        stdin.write(line.encode())
        stdin.flush()
        deadline = time.monotonic() + within
        output = ""
        while f"\n{mark} " not in output or not output.endswith("\n"):
            output += self._read(deadline, output)
            if interrupt_when is not None and interrupt_when(output):
                self._interrupt()
                interrupt_when = None
        text, _, code = output.rpartition(f"\n{mark} ")
        return Result(text, int(code))

    def close(self) -> None:
        """End the shell and its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()

    def _read(self, deadline: float, so_far: str) -> str:
        stdout = _pipe(self._process.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError(f"still running; so far it wrote:\n{so_far}")
        data = os.read(stdout.fileno(), 65536)
        if not data:
            raise TimeoutError(f"the shell ended; it wrote:\n{so_far}")
        return data.decode(errors="replace")

    def _interrupt(self) -> None:
        """Press Ctrl-C for what runs in the foreground; the shell itself goes on."""
        for child in psutil.Process(self._process.pid).children():
            child.send_signal(signal.SIGINT)


def _let_ctrl_c_work() -> None:
    """Undo what a script does to those it starts in the background: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - asked for when the process was started
    return stream
