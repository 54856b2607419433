"""What commands have in common: how they speak, and which phase they mean."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from lab import engines, phases
from lab.data import Data, in_words
from lab.engines import Kind
from lab.errors import LabError, NotRunningError, UsageError
from lab.instance import Instance, of_phase

_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_red")


def say(text: str = "") -> None:
    """Say something to the person, on stdout."""
    click.echo(text)


def say_json(value: object) -> None:
    """Answer a program, on stdout; what that means stands in docs/lab.md."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Say something that is not the answer: progress, remarks; on stderr."""
    click.echo(text, err=True)


def complain(error: LabError) -> None:
    """Say what went wrong and what to type next."""
    click.echo(f"{click.style('lab:', fg='red', bold=True)} {error}", err=True)
    if error.hint:
        click.echo(f"     {error.hint}", err=True)


def colour_of(service: str, services: Sequence[str]) -> str:
    """Return a colour that a service keeps."""
    return _COLOURS[services.index(service) % len(_COLOURS)]


def the_instance(phase: str | None) -> Instance:
    """Return the instance of a phase; without one, the only one that runs.

    Raises UsageError, NotRunningError.
    """
    if phase is not None:
        return of_phase(phases.find(phase))
    found = engines.running()
    if not found:
        raise NotRunningError("nothing is running", "start a phase: ./lab up 0")
    if len(found) > 1:
        names = ", ".join(instance.directory.name for instance in found)
        raise UsageError(f"several phases are running ({names})", "say which one you mean")
    return found[0]


def must_run(instance: Instance) -> None:
    """Raise NotRunningError unless the instance runs."""
    if not engines.of(instance).is_running(instance):
        word = short_name(instance)
        raise NotRunningError(
            f"{instance.phase.label} is not running", f"start it: ./lab up {word}"
        )


def require_empty(instance: Instance) -> None:
    """Raise LabError with the way out unless a running system holds nothing."""
    counts = Data(instance, quiet=True).counts()
    if counts:
        raise LabError(
            f"{instance.phase.label} is not empty: it holds {in_words(counts)}",
            f"empty it first: ./lab reset {short_name(instance)} --empty",
        )


def short_name(instance: Instance) -> str:
    """Return what a person types for an instance's phase."""
    name = instance.phase.name.removeprefix("phase")
    return name if re.fullmatch(r"\d(\.\d)?", name) else str(_relative(instance.phase.directory))


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def tell(line: str) -> None:
    """Show a step of something long: it replaces the last one on a terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[2K{line[:width]}", err=True, nl=False)
    else:
        note(f"  {line}")


def engine_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command --docker and --native, as its parameter `kind`; None: Docker if it answers."""
    where = "; so it is done where Docker answers."
    return _with_engines(command, {Kind.NATIVE: ".", Kind.DOCKER: where})


def measuring_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give the same to a command that measures or hurts: natively, unless Docker is asked for."""
    return _with_engines(command, {Kind.NATIVE: "; so it is done unless asked.", Kind.DOCKER: "."})


def _with_engines(command: Callable[..., int], ends: Mapping[Kind, str]) -> Callable[..., int]:
    for kind, runs in ((Kind.NATIVE, "ordinary processes"), (Kind.DOCKER, "containers")):
        option = click.option(
            f"--{kind}",
            "kind",
            flag_value=kind,
            type=click.UNPROCESSED,
            help=f"Run services as {runs}{ends[kind]}",
        )
        command = option(command)
    return command
