"""One running system's place under .lab/ and the lock that says whether it runs.

.lab/NAME/lock           held (flock) by guard and supervisor as long as either lives
.lab/NAME/phase.json     which phase it is
.lab/NAME/engine.json    which engine ran it last
.lab/NAME/state.json     what the supervisor knows, replaced whole at each change
.lab/NAME/plan.json      what it runs: commands, environments, ports (mode 0600)
.lab/NAME/control.sock   takes commands
.lab/NAME/logs/          one file per service, and what the supervisor itself says
.lab/NAME/volumes/       one directory per named volume: the data
.lab/NAME/secrets/       what compose.yaml wants made at the first start
.lab/NAME/tmp/           emptied at every start
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.paths import STATE
from lab.phases import Phase

STATE_FILE = "state.json"
PLAN_FILE = "plan.json"
PHASE_FILE = "phase.json"
ENGINE_FILE = "engine.json"


@dataclass(frozen=True)
class Instance:
    """A phase together with the directory that its state lies in."""

    phase: Phase
    directory: Path

    @property
    def logs(self) -> Path:
        """The directory of log files."""
        return self.directory / "logs"

    @property
    def own_log(self) -> Path:
        """What guard and supervisor themselves say."""
        return self.directory / "supervisor.log"

    @property
    def volumes(self) -> Path:
        """The directory of named volumes."""
        return self.directory / "volumes"

    @property
    def secrets(self) -> Path:
        """The directory of secrets that were made for it."""
        return self.directory / "secrets"

    @property
    def tmp(self) -> Path:
        """The directory of throw-away files."""
        return self.directory / "tmp"

    @property
    def engine(self) -> str | None:
        """The name of the engine that runs it or ran it last, None if none ever did."""
        raw = self.read(ENGINE_FILE)
        return None if raw is None else str(raw["name"])

    def set_engine(self, name: str) -> None:
        """Remember which engine runs it."""
        self.write(ENGINE_FILE, {"name": name})

    def log_file(self, service: str) -> Path:
        """Return where a service's output goes."""
        return self.logs / f"{service}.log"

    def make(self) -> None:
        """Create the directories; only their owner may look inside."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        for directory in (self.logs, self.volumes):
            directory.mkdir(exist_ok=True)
        self.write(PHASE_FILE, {**vars(self.phase), "directory": str(self.phase.directory)})

    def remove(self) -> None:
        """Delete all state, data included."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def try_lock(self, patience: float = 0.2) -> int | None:
        """Return a descriptor that holds the lock, or None if the instance runs.

        patience (seconds) outlasts somebody who only looks whether it runs.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
                time.sleep(0.01)
            else:
                return descriptor

    def is_running(self) -> bool:
        """Tell whether somebody holds the lock: natively a supervisor or a guard of it lives."""
        if not (self.directory / "lock").exists():
            return False
        descriptor = self.try_lock(patience=0)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def read(self, name: str) -> dict[str, object] | None:
        """Return the JSON object in a file of the state directory, None if there is none."""
        try:
            value = json.loads((self.directory / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def write(self, name: str, value: object) -> None:
        """Replace a JSON file of the state directory in one step."""
        temporary = self.directory / f"{name}.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(value, handle, indent=1)
        temporary.replace(self.directory / name)


def of_phase(phase: Phase) -> Instance:
    """Return the instance that `lab up` runs of a phase."""
    return Instance(phase, STATE / phase.name)


def directories() -> Iterator[Path]:
    """Yield every instance's directory, running or not."""
    if STATE.is_dir():
        yield from sorted(path.parent for path in STATE.glob("*/lock"))


def load(directory: Path) -> Instance | None:
    """Return the instance that a directory was made for, None if it holds none."""
    try:
        words = json.loads((directory / PHASE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Instance(Phase(**{**words, "directory": Path(words["directory"])}), directory)
