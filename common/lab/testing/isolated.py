"""A throw-away instance of a phase: its own state, its own ports, gone afterwards."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace

import psutil

from lab import engines
from lab.engine import Engine
from lab.errors import RefusedError
from lab.instance import Instance, directories
from lab.native.ports import PortChooser
from lab.paths import STATE
from lab.phases import Phase
from lab.running import Observer, wait_until_down, wait_until_ready

_PREFIX = "test-"


@contextlib.contextmanager
def isolated(
    engine: Engine, phase: Phase, observe: Observer, limits: str = "test"
) -> Iterator[tuple[Instance, str]]:
    """Start an instance; yields it with its base URL, and stops it in the end.

    `limits` is which limits a phase that has any goes by: real, test or bench.
    Its directory stays for a look at the logs; `sweep` removes it. Raises LabError.
    """
    apart = replace(phase, port=PortChooser().any())
    instance = Instance(apart, STATE / f"{_PREFIX}{phase.name}-{os.getpid()}")
    engine.check(instance)
    with _environment(LIMITS=limits):
        engine.start(instance)
        try:
            status = wait_until_ready(engine, instance, observe)
            yield instance, status.address or ""
        finally:
            engine.request_stop(instance)
            wait_until_down(engine, instance, observe)


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set what compose.yaml asks for; what the caller has set counts more."""
    ours = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def sweep(phase: Phase) -> None:
    """Remove what earlier instances for tests of this phase have left, as far as can be reached.

    Those of a process that lives are its own: tests of one phase may run side by side.
    """
    for directory in directories():
        start, _, pid = directory.name.rpartition("-")
        if start != f"{_PREFIX}{phase.name}" or not pid.isdecimal() or _is_in_use(int(pid)):
            continue
        instance = Instance(phase, directory)
        engine = engines.of(instance)
        with contextlib.suppress(RefusedError):  # the engine that ran it does not answer now
            if not engine.is_running(instance):
                engine.discard(instance)


def _is_in_use(pid: int) -> bool:
    return pid != os.getpid() and psutil.pid_exists(pid)
