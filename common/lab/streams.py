"""Archives between processes: each export and import is a process of its own with a pipe.

`python -m lab.streams export|import DIRECTORY` does one of them for the instance that has that
directory, on stdout or stdin.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lab.data import Data
from lab.errors import LabError
from lab.instance import Instance, load
from lab.paths import ROOT

_CHUNK = 64 * 1024  # bytes
Progress = Callable[[int], None]
"""Is told of each further number of records."""


class _Mover:
    """One of these processes, and what it has to say."""

    def __init__(self, verb: str, instance: Instance) -> None:
        self._verb = verb
        self._instance = instance
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lab.streams", verb, str(instance.directory)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
            stdin=subprocess.PIPE if verb == "import" else subprocess.DEVNULL,
            stdout=subprocess.PIPE if verb == "export" else subprocess.DEVNULL,
            stderr=self._said,
        )

    def pipe(self) -> IO[bytes]:
        """Return our end."""
        pipe = self.process.stdin or self.process.stdout
        assert pipe is not None  # noqa: S101 - one of them was asked for
        return pipe

    def end(self) -> str:
        """Close our end and wait; returns what went wrong, "" if nothing did."""
        with contextlib.suppress(BrokenPipeError):
            self.pipe().close()
        code = self.process.wait()
        with self._said:
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip()
        if code == 0:
            return ""
        last = said.splitlines()[-1:] or [f"exit code {code}"]
        return f"{self._instance.phase.label} did not {self._verb}: {last[0]}"


@contextlib.contextmanager
def exporting(instance: Instance) -> Iterator[IO[bytes]]:
    """Give the archive of an instance. Raises LabError if it could not be written whole."""
    mover = _Mover("export", instance)
    try:
        yield mover.pipe()
    except BaseException:
        mover.end()
        raise
    if problem := mover.end():
        raise LabError(problem)


def carry(source: Instance, target: Instance, progress: Progress) -> None:
    """Import the archive of one instance into another while it is written. Raises LabError."""
    writer = _Mover("export", source)
    reader = _Mover("import", target)
    refused = False
    try:
        _copy(writer.pipe(), reader.pipe(), progress)
    except BrokenPipeError:
        refused = True
    finally:
        not_written = writer.end()  # if it failed, the import finds no trailer and keeps nothing
        not_read = reader.end()
    problem = not_read if refused else not_written or not_read
    if problem:
        raise LabError(problem)


def _copy(source: IO[bytes], target: IO[bytes], progress: Progress) -> None:
    descriptor = source.fileno()
    while chunk := os.read(descriptor, _CHUNK):
        target.write(chunk)
        progress(chunk.count(b"\n"))
    target.flush()


def main(verb: str, directory: str) -> None:
    """Be the process at the other end."""
    instance = load(Path(directory))
    if instance is None:
        raise LabError(f"{directory} belongs to no instance")
    data = Data(instance, quiet=True)
    if verb == "export":
        data.export_to(sys.stdout.buffer)
    else:
        data.import_from(sys.stdin.buffer)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (LabError, KeyboardInterrupt):
        sys.exit(1)  # what is wrong was said by the phase itself
