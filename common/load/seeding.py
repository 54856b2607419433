"""Filling an instance with the bench world."""

import subprocess
import sys
from typing import IO

from lab.engine import Engine
from lab.errors import LabError
from lab.instance import Instance

IMPORT = ["python", "-m", "chat.cli", "import"]


def seed(engine: Engine, instance: Instance) -> None:
    """Generate the world and import it, side by side. Raises LabError."""
    generator = subprocess.Popen(
        [sys.executable, "-P", "-m", "world", "--size", "bench"], stdout=subprocess.PIPE
    )
    try:
        assert generator.stdout is not None  # noqa: S101 - asked for above
        code = fill(engine, instance, generator.stdout)
    finally:
        generator.kill()
        generator.wait()
    if code != 0:
        raise LabError(f"the bench world could not be imported into {instance.phase.label}")


def fill(engine: Engine, instance: Instance, archive: IO[bytes]) -> int:
    """Import an archive; return the importer's exit code."""
    status = engine.status(instance)
    service = next(iter(status.services)) if status else ""
    return engine.run(instance, service, IMPORT, stdin=archive)
