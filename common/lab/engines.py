"""Which engine runs what: the one place that decides."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lab.docker.engine import DockerEngine
from lab.engine import Engine
from lab.errors import RefusedError
from lab.instance import Instance, directories, load
from lab.native import strays
from lab.native.engine import NativeEngine
from lab.paths import STATE
from lab.phases import Phase


class Kind(StrEnum):
    """What a person can ask for."""

    DOCKER = DockerEngine.name
    NATIVE = NativeEngine.name


@dataclass(frozen=True)
class Choice:
    """An engine to start something with, and what to say about it."""

    engine: Engine
    words: str


def choose(wish: Kind | None, tell: Callable[[str], None] = lambda _: None) -> Choice:
    """Return the engine that is wished for; without a wish Docker where it answers.

    `tell` is told each step of what takes long. Raises RefusedError.
    """
    if wish is Kind.NATIVE:
        return Choice(NativeEngine(), "ordinary processes")
    docker = DockerEngine(tell)
    try:
        return Choice(docker, docker.describe())
    except RefusedError as error:
        if wish is Kind.DOCKER:
            raise
        return Choice(NativeEngine(), f"ordinary processes ({error})")


def of(instance: Instance) -> Engine:
    """Return the engine that runs an instance, or ran it last."""
    return DockerEngine() if instance.engine == Kind.DOCKER else NativeEngine()


def discard(instance: Instance) -> None:
    """Delete an instance that does not run, with the data that it has on either engine."""
    for engine in (DockerEngine(), NativeEngine()):
        engine.discard(instance)


def running() -> list[Instance]:
    """Return every instance of this checkout that runs now, on either engine."""
    known = filter(None, map(load, directories()))
    return [instance for instance in known if of(instance).is_running(instance)]


def crashed() -> list[Instance]:
    """Return what does not run and has left processes behind, known or deleted."""
    found = [load(directory) or _unknown(directory) for directory in strays.below(STATE)]
    return [instance for instance in found if not of(instance).is_running(instance)]


def _unknown(directory: Path) -> Instance:
    return Instance(Phase(directory.name, directory.name, directory, 0), directory)
