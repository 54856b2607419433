"""One run of pytest, and how many of its tests did what."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab.errors import Terminated
from lab.native.process import before_exec
from lab.paths import ROOT, STATE, VENV

PLUGIN = "lab.testing.counts"  # named, not imported: it needs pytest, which is slow to import
COUNTS_VARIABLE = "LAB_TEST_COUNTS"
NOTHING_CHOSEN = 5
"""pytest's exit code where there is no test to run."""


@dataclass(frozen=True)
class Outcome:
    """pytest's exit code and its counts; errors count as failed."""

    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        """Return what two runs came to; one in which nothing was to run adds nothing to another."""
        if other.code == NOTHING_CHOSEN:
            return self
        if self.code == NOTHING_CHOSEN:
            return other
        return Outcome(
            self.code or other.code,
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )


def run(
    paths: Sequence[Path], arguments: Sequence[str], *, url: str | None, imports: Sequence[Path]
) -> Outcome:
    """Run the tests below paths; imports are put on PYTHONPATH before common/.

    Ctrl-C reaches pytest too, which ends its own fixtures; it is waited for.
    """
    STATE.mkdir(exist_ok=True)
    report = STATE / f"counts-{os.getpid()}.json"
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
    command += ["--rootdir", str(ROOT), "-p", PLUGIN]
    command += ["--url", url] if url else []
    child = subprocess.Popen(
        [*command, *arguments, *map(str, paths)],
        env={**_environment(imports), COUNTS_VARIABLE: str(report)},
        preexec_fn=_prepared(),  # noqa: PLW1509 - lab has one thread
    )
    try:
        return _outcome(report, child.wait())
    except KeyboardInterrupt as interrupt:
        _interrupt(child, interrupt)
        raise
    finally:
        report.unlink(missing_ok=True)


def _prepared() -> Callable[[], None]:
    """Let pytest end with lab, and hear Ctrl-C, which a script's background jobs ignore."""
    tie = before_exec(signal.SIGINT)

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        tie()

    return prepare


def _interrupt(child: "subprocess.Popen[bytes]", interrupt: KeyboardInterrupt) -> None:
    """End pytest; at a terminal Ctrl-C has reached it already, and a second one kills it."""
    if isinstance(interrupt, Terminated) or not sys.stdin.isatty():
        child.send_signal(signal.SIGINT)
    try:
        child.wait()
    except KeyboardInterrupt:
        child.kill()
        child.wait()


def _environment(imports: Sequence[Path]) -> dict[str, str]:
    search = [*map(str, imports), str(ROOT / "common")]
    path = f"{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PYTHONPATH": ":".join(search), "PATH": path}


def _outcome(report: Path, code: int) -> Outcome:
    try:
        numbers = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        numbers = {}
    outcome = Outcome(code, **numbers)
    if code and not outcome.failed:  # nothing was collected, or pytest itself broke
        return replace(outcome, failed=1)
    return outcome
