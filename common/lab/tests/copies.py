"""Running copies of phase 0, and commands typed at them."""

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from lab import engines, phases
from lab.cli.main import cli
from lab.instance import Instance, of_phase
from lab.paths import ROOT
from lab.running import wait_until_down, wait_until_ready


@contextlib.contextmanager
def running_copy(place: Path, name: str) -> Iterator[str]:
    """Run a copy of phase 0, whose `../common` is found at `place`; yield its name for commands."""
    copy = place / f"{name}-{uuid4().hex[:8]}"
    shutil.copytree(ROOT / "phase0-mvp", copy)
    instance = instance_of(str(copy))
    engine = engines.choose(engines.Kind.NATIVE).engine
    engine.start(instance)
    try:
        wait_until_ready(engine, instance, lambda _status: None)
        yield str(copy)
    finally:
        engine.request_stop(instance)
        wait_until_down(engine, instance, lambda _status: None)
        engine.discard(instance)


def lab(*words: str) -> None:
    """Type a command; what it complains of is raised."""
    assert cli.main(list(words), standalone_mode=False) in (0, None)


def instance_of(phase: str) -> Instance:
    """Return the instance that a phase's name stands for."""
    return of_phase(phases.find(phase))


def call(phase: str, path: str, body: dict[str, str] | None = None, token: str = "") -> Any:
    """Send a request to the API; return the JSON of its answer."""
    instance = instance_of(phase)
    status = engines.of(instance).status(instance)
    assert status is not None
    request = urllib.request.Request(
        f"{status.address}/api/v1{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
