"""What the native engine must know of an official image."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import join
from typing import Protocol

_ANSWERS = 10.0  # seconds
_VERSION = re.compile(r"\bv?=?(\d+(?:\.\d+)+)")


@dataclass(frozen=True)
class Server:
    """A server found on this machine; programs maps its names in the image to files here."""

    product: str
    version: str
    programs: Mapping[str, Path]


@dataclass(frozen=True)
class Program:
    """What a name on the PATH of a service stands for: a file, and words around those given."""

    file: Path
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def script(self) -> str:
        """Return it as a shell script that becomes the program."""
        command = f'{join([str(self.file), *self.before])} "$@" {join(self.after)}'
        return f"#!/bin/sh\nexec {command.rstrip()}\n"


@dataclass(frozen=True)
class Launch:
    """How a server is started: a command, and the programs that it and health checks can name.

    The environment is what the image sets; compose.yaml may say otherwise.
    """

    argv: tuple[str, ...]
    programs: Mapping[str, Program]
    environment: Mapping[str, str] = field(default_factory=dict)


class Adapter(Protocol):
    """One official image; ports and paths are those inside its containers."""

    image: str
    """Its name without registry and tag."""
    package: str
    """The package of Debian and Ubuntu that holds the server."""
    units: Sequence[str]
    """What systemd would run once that package is installed."""
    home: str
    """The directory that it runs in."""
    volumes: Sequence[str]
    """What it keeps in a volume, an anonymous one if compose.yaml mounts none."""
    listed: Sequence[str]
    """Directories whose files it looks for, so that they are mounted whole or not at all."""
    stop_signal: str
    """What stops it where compose.yaml names no signal."""

    def find(self) -> Server | None:
        """Look for the server on this machine."""

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:
        """Do what the image's entrypoint does; `port` gives the loopback port of a port."""


def in_wheel(module: str, folder: str) -> str:
    """Return a folder of an installed package, as a search path; "" if it is not installed."""
    spec = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec else None
    return str(Path(places[0]) / folder) if places else ""


def find_server(
    product: str,
    names: Mapping[str, str],
    path: str | None = None,
    question: str = "--version",
) -> Server | None:
    """Look for programs, named as in the image → as here, on a search path (None: PATH).

    The first is asked for its version.
    """
    found = {name: shutil.which(here, path=path) for name, here in names.items()}
    files = {name: Path(file) for name, file in found.items() if file is not None}
    if len(files) < len(names):
        return None
    version = _version(next(iter(files.values())), question)
    return None if version is None else Server(product, version, files)


def ask(program: Path, question: str) -> "subprocess.CompletedProcess[str] | None":
    """Return what a program said to `--version`, say; None if it fails or is silent for long."""
    try:
        return subprocess.run(
            [program, question], capture_output=True, text=True, check=True, timeout=_ANSWERS
        )
    except (OSError, subprocess.SubprocessError):
        return None


def _version(program: Path, question: str) -> str | None:
    done = ask(program, question)
    found = _VERSION.search(done.stdout or done.stderr) if done else None
    return found[1] if found else None
