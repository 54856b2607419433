"""The data of a running phase: what commands do to it by way of a command of the phase's own.

`x-lab.data` of a service in compose.yaml names it; see common/contract/archive/README.md.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lab import engines
from lab.compose.parse import FILE_NAME
from lab.compose.yamlfile import load_yaml
from lab.errors import LabError
from lab.instance import Instance
from lab.parts import join, spread
from lab.paths import ROOT

SEED_FILE = "seed.json"
RESTART_PATIENCE = 30.0  # seconds
_POLL = 0.05
_MODES = ("importing", "read-only", "open")
"""Of several services the first of these counts."""
_THINGS = (
    ("user", "person", "people"),
    ("conversation", "conversation", "conversations"),
    ("message", "message", "messages"),
    ("login", "login", "logins"),
)


@dataclass(frozen=True)
class Seed:
    """Which world it is; `day` as in 2026-11-23."""

    size: str
    number: int
    day: str

    def words(self) -> list[str]:
        """Return the arguments of `python -m world`."""
        return ["--size", self.size, "--number", str(self.number), "--day", self.day]


@dataclass(frozen=True)
class State:
    """What the command `state` tells; mode is `open`, `read-only` or `importing`."""

    mode: str
    counts: dict[str, int]

    @property
    def read_only(self) -> bool:
        """Whether every write is refused until that is switched off."""
        return self.mode == "read-only"


class Data:
    """What an instance holds."""

    def __init__(self, instance: Instance, *, quiet: bool = False) -> None:
        self._instance = instance
        self._commands = {
            service: [*command, *(["--quiet"] if quiet else [])]
            for service, command in _commands_of(instance.phase.directory).items()
        }
        self.service = list(self._commands)[-1]
        """Which service has the command, and so the data; of several the last one."""
        self._engine = engines.of(instance)

    def counts(self) -> dict[str, int]:
        """Return how many records of each type there are; {} when the system is empty."""
        return self.state().counts

    def state(self) -> State:
        """Return what `counts` does, and whether writes are taken."""
        found = self._states().values()
        modes = {one["mode"] for one in found}
        counts = {kind: n for one in found for kind, n in one["counts"].items()}
        is_empty = all(one["empty"] for one in found)
        return State(min(modes, key=_MODES.index), {} if is_empty else counts)

    def set_read_only(self, *, read_only: bool) -> None:
        """Refuse every write, or take them again."""
        for service in self._commands:
            self._run(service, "read-only", "on" if read_only else "off")

    def export_to(self, file: IO[bytes]) -> None:
        """Write an archive. Of several services the last one's moment is before the first one's."""
        if len(self._commands) == 1:
            self._run(self.service, "export", stdout=file)
            return
        with contextlib.ExitStack() as stack:
            parts = [stack.enter_context(tempfile.TemporaryFile()) for _ in self._commands]
            for service, part in reversed(list(zip(self._commands, parts, strict=True))):
                self._run(service, "export", stdout=part)
                part.seek(0)
            join(parts, file)

    def import_from(self, file: IO[bytes]) -> None:
        """Fill an empty system."""
        self._import(file)

    def replace_by(self, file: IO[bytes]) -> None:
        """Put an archive in the place of everything, or leave all as it is."""
        self._import(file, "--replace")

    def empty(self) -> None:
        """Delete everything."""
        for service in self._commands:
            self._run(service, "empty", "--yes")

    def give_role(self, username: str, role: str) -> None:
        """Say what somebody may do; only where the system knows roles."""
        found = commands_named("roles", self._instance.phase.directory)
        service = next(iter(found), self.service)
        self._run(service, "role", username, role)

    def restart(self) -> None:
        """Restart who has the sockets, so that those of people who are gone close; wait for it."""
        status = self._engine.status(self._instance)
        sockets = commands_named("sockets", self._instance.phase.directory)
        self._engine.restart_service(self._instance, next(iter(sockets), self.service))
        if status is not None and status.address is not None:
            _wait_for(f"{status.address}/readyz")

    @property
    def seed(self) -> Seed | None:
        """Which world was seeded last, if any."""
        found = self._instance.read(SEED_FILE)
        return None if found is None else Seed(**found)  # type: ignore[arg-type]  # our own file

    @seed.setter
    def seed(self, seed: Seed) -> None:
        self._instance.write(SEED_FILE, vars(seed))

    def _states(self) -> dict[str, Any]:
        """Return what each service tells of its part."""
        found = {}
        for service in self._commands:
            with tempfile.TemporaryFile() as output:
                self._run(service, "state", stdout=output)
                output.seek(0)
                found[service] = json.load(output)
        return found

    def _import(self, file: IO[bytes], *options: str) -> None:
        if len(self._commands) == 1:
            self._run(self.service, "import", *options, stdin=file)
            return
        commands = {
            name: [*command, "import", *options] for name, command in self._commands.items()
        }
        types: dict[str, list[str]] = {}
        for name, one in self._states().items():
            for kind in one["types"]:
                types.setdefault(kind, []).append(name)
        kept, problem = spread(self._instance, file, commands, types)
        if problem:
            for service in [] if options else kept:
                self._run(service, "empty", "--yes")
            lost = f"; {', '.join(kept)} has replaced its part" if options and kept else ""
            raise LabError(f"{self._instance.phase.label} did not import: {problem}{lost}")

    def _run(
        self,
        service: str,
        *words: str,
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> None:
        argv = [*self._commands[service], *words]
        code = self._engine.run(self._instance, service, argv, stdin, stdout)
        if code != 0:
            raise LabError(f"{self._instance.phase.label} did not {words[0]}; it says why above")


def is_empty(instance: Instance) -> bool:
    """Return whether a running instance could hold data, and holds none."""
    return bool(commands_named("data", instance.phase.directory)) and not Data(instance).counts()


def _commands_of(directory: Path) -> dict[str, list[str]]:
    """Return the services that export and import, in the order of their parts, and how."""
    found = commands_named("data", directory)
    if not found:
        raise LabError(
            f"a service of {directory / FILE_NAME} must name the command that exports and imports",
            'x-lab: {data: ["python", "-m", "chat.cli"]}',
        )
    return found


def commands_named(word: str, directory: Path) -> dict[str, list[str]]:
    """Return the services that have a command under `x-lab.WORD`, and the commands."""
    tree, _ = load_yaml(directory / FILE_NAME)
    services = tree.get("services") if isinstance(tree, dict) else None
    named = {
        name: (service.get("x-lab") or {}).get(word)
        for name, service in (services or {}).items()
        if isinstance(service, dict)
    }
    return {name: list(command) for name, command in named.items() if command}


@contextmanager
def world(seed: Seed) -> Iterator[IO[bytes]]:
    """Give the archive of a world while another process makes it up."""
    making = subprocess.Popen(
        [sys.executable, "-P", "-m", "world", *seed.words()],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
    )
    assert making.stdout is not None  # noqa: S101 - it was asked for
    try:
        yield making.stdout
    finally:
        making.stdout.close()
        code = making.wait()
    if code != 0:
        raise LabError("the world could not be made up; see above")


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that only its owner may read; it gets its name when it is complete."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise LabError(f"{path} is no ordinary file", "for a pipe, write to - instead")
    partial = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def trailer_of(path: Path) -> dict[str, Any]:
    """Return the last line of an archive: its counts and its SHA-256."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        last: dict[str, Any] = json.loads(file.read().splitlines()[-1])
        return last


def in_words(counts: Mapping[str, int]) -> str:
    """Say how many there are of what a person would count."""
    found = [
        f"{counts[kind]:,} {one if counts[kind] == 1 else many}"
        for kind, one, many in _THINGS
        if counts.get(kind)
    ]
    return ", ".join(found) or "nothing"


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + RESTART_PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of ours
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise LabError(f"{url} does not answer after the restart") from None
        time.sleep(_POLL)
