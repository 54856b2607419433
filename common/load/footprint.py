"""What phase 0 weighs and takes under Docker: the figures of docs/docker.md.

PYTHONPATH=common .venv/bin/python -m load.footprint docs/benchmarks/phase0-docker.json

Some minutes; needs the network, because the build fetches every package anew. Nothing of it is left
but its result.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from drill.client import Person
from drill.sockets import Sockets

from lab import phases
from lab.docker.engine import DockerEngine
from lab.instance import Instance
from lab.phases import Phase
from load import machine
from load.subject import throw_away

BASE = "python:3.13-slim"
IMAGE = "chat-footprint"
SERVICE = "chat"
SOCKETS, PEOPLE = 300, 20
REST = 5.0
"""Seconds after which what was started is at rest."""
MB = 1_000_000
THREADS = "import glob; print(len(glob.glob('/proc/[0-9]*/task/*')) - 1)"
"""All threads in the container, without the one that counts them."""

Figures = dict[str, float]


def main(target: Path) -> None:
    """Measure, and write the result."""
    phase = phases.find("0")
    figures = image(phase) | container(phase)
    kept = {"kind": "footprint", "about": machine.describe(), "docker": _versions()}
    text = json.dumps({**kept, "figures": figures}, indent=1)
    target.write_text(text + "\n", encoding="utf-8")
    print(text)


def image(phase: Phase) -> Figures:
    """Build with nothing cached but the base image; return seconds and megabytes."""
    if not _docker("image", "ls", "--quiet", BASE):
        _docker("pull", "--quiet", BASE)
    words = ["build", "--quiet", "--no-cache", "--tag", IMAGE, str(phase.directory)]
    seconds = _timed(lambda: _docker(*words))
    base, whole = (
        int(_docker("image", "inspect", "-f", "{{.Size}}", one)) for one in (BASE, IMAGE)
    )
    packages = _docker("run", "--rm", "--entrypoint", "du", IMAGE, "-sb", "/opt/venv").split()[0]
    _docker("image", "rm", IMAGE)
    return {
        "build_seconds": round(seconds, 1),
        "image_mb": round((whole - base) / MB),
        "packages_mb": round(int(packages) / MB),
    }


def container(phase: Phase) -> Figures:
    """Start twice, the second time with everything cached, and fill it; return what it takes."""
    engine = DockerEngine()
    with throw_away(engine, phase, lambda _: None):
        pass  # whatever can be cached is now
    began = time.monotonic()
    with throw_away(engine, phase, lambda _: None) as (instance, url):
        up = time.monotonic() - began
        time.sleep(REST)
        idle = engine.usage(instance, 0.0)[SERVICE].memory
        full, threads = _fill(engine, instance, url)
        farewell = Farewell(url)
        ended = time.monotonic()
    return {
        "up_seconds": round(up, 1),
        "idle_mb": round(idle / MB),
        "full_sockets": SOCKETS,
        "full_mb": round(full / MB),
        "full_threads": threads,
        "down_seconds": round(time.monotonic() - ended, 1),
        "farewell_seconds": round(farewell.seconds(), 1),
    }


def _fill(engine: DockerEngine, instance: Instance, url: str) -> tuple[int, int]:
    """Open sockets; return bytes and threads while they are open."""
    people = [Person.register(url) for _ in range(PEOPLE)]
    sockets = Sockets(url, lambda _name, _event: None)
    try:
        for number in range(SOCKETS):
            sockets.add(people[number % PEOPLE])
        time.sleep(REST)
        if sockets.open != SOCKETS:
            raise SystemExit(f"{sockets.open} sockets are open, and {SOCKETS} were to be")
        memory = engine.usage(instance, 0.0)[SERVICE].memory
        with tempfile.TemporaryFile() as output:
            engine.run(instance, SERVICE, ["python", "-c", THREADS], None, output)
            output.seek(0)
            return memory, int(output.read())
    finally:
        sockets.close()


class Farewell:
    """Watches how long a system that says it is not ready goes on serving."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._unready: list[float] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def seconds(self) -> float:
        """Return the seconds between the first and the last such answer."""
        self._thread.join()
        return self._unready[-1] - self._unready[0] if self._unready else 0.0

    def _watch(self) -> None:
        while self._answers("/healthz"):
            if not self._answers("/readyz"):
                self._unready.append(time.monotonic())
            time.sleep(0.02)

    def _answers(self, path: str) -> bool:
        try:
            with urlopen(self._url + path, timeout=2):  # noqa: S310 - an http address of ours
                return True
        except (URLError, OSError):
            return False


def _versions() -> dict[str, str]:
    return {
        "engine": _docker("version", "--format", "{{.Server.Version}}"),
        "lab": DockerEngine().describe(),
    }


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"docker {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
