"""What runs of the gate leave in its checkout: nothing may live on, and nothing stays."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import psutil

from lab import engines
from lab.errors import LabError
from lab.instance import directories, load
from lab.paths import ROOT, STATE, VENV

_LABEL = "com.docker.compose.project.working_dir"


def leftovers(root: Path = ROOT, venv: Path = VENV) -> list[str]:
    """Return what still runs from this checkout: systems, processes and containers, in words."""
    systems = [*engines.running(), *engines.crashed()]
    named = [f"system {instance.directory.name}" for instance in systems]
    return [*named, *_processes(venv), *_containers(root)]


def _processes(venv: Path) -> list[str]:
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if process.pid not in ours and any(word.startswith(f"{venv}/") for word in words):
                found.append(f"process {process.pid}: {' '.join(words)}")
    return found


def _containers(root: Path) -> list[str]:
    if shutil.which("docker") is None:
        return []
    form = '{{.Names}}\t{{.Label "' + _LABEL + '"}}'
    listing = subprocess.run(
        ["docker", "ps", "--all", "--format", form], capture_output=True, text=True, check=False
    )
    rows = [line.split("\t") for line in listing.stdout.splitlines()]
    return [f"container {name}" for name, place in rows if Path(place).is_relative_to(root)]


def keep_logs(pid: int, place: Path) -> None:
    """Copy the logs of the system that `lab test` of this process id has tested to `place`."""
    for directory in STATE.glob(f"test-*-{pid}"):
        for logs in filter(Path.is_dir, [directory / "logs"]):
            shutil.copytree(logs, place, dirs_exist_ok=True)


def discard_instances() -> None:
    """Stop and delete every instance of this checkout, its data under Docker too."""
    subprocess.run([ROOT / "lab", "down"], capture_output=True, check=False)
    for directory in directories():
        instance = load(directory)
        if instance is not None:
            with contextlib.suppress(LabError):
                engines.discard(instance)
