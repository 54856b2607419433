"""One process of the gate: its output in a log, its time, and how it ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lab.native.process import before_exec
from lab.paths import ROOT

PATIENCE = 60 * 60.0  # seconds; what takes longer hangs: whole phases take half of it on a slow day
LOOK = 0.2  # seconds between two looks at a process
_GRACE = 60.0  # seconds from the request to end to the kill


@dataclass(frozen=True)
class Attempt:
    """How a process ended: its exit code, seconds, process id, and whether it had to be ended."""

    code: int
    seconds: float
    pid: int
    hung: bool = False


class Process:
    """A command that runs in the checkout; both its streams are added to a log.

    `hear`, if given, is told the output while it comes. It ends with the gate, however that ends.
    """

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        hear: Callable[[str], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._hear, self._patience = hear, patience
        self._began = time.monotonic()
        self._hung = False
        with log.open("ab") as output:
            self._reader: TextIO = log.open(encoding="utf-8", errors="replace")
            self._reader.seek(0, os.SEEK_END)
            self._child = subprocess.Popen(
                list(argv),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,  # a file and no pipe: what it leaves running would hold a pipe open
                stderr=subprocess.STDOUT,
                preexec_fn=before_exec(signal.SIGTERM),  # noqa: PLW1509 - the gate has one thread
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def poll(self) -> Attempt | None:
        """Return how it ended; None while it runs. What has run for too long is ended."""
        code = self._child.poll()
        if code is None and time.monotonic() - self._began > self._patience:
            self._hung = True
            code = self._stop()
        self._pass_on()
        if code is None:
            return None
        self._reader.close()
        return Attempt(code, time.monotonic() - self._began, self._child.pid, self._hung)

    def wait(self) -> Attempt:
        """Wait for its end; an interrupt ends it."""
        try:
            while (done := self.poll()) is None:
                time.sleep(LOOK)
        except BaseException:
            self.end()
            raise
        return done

    def end(self) -> None:
        """Have it end now, if it runs, and wait for that."""
        self._stop()
        self._reader.close()

    def _stop(self) -> int:
        """Ask it to end, so that it can end what it has started; returns its exit code."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._child.wait()

    def _pass_on(self) -> None:
        text = self._reader.read()
        if text and self._hear is not None:
            self._hear(text)
