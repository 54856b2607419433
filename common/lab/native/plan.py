"""What is to run, settled to the last word: every command, environment, directory and port."""

import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MARK = "LAB_INSTANCE"  # in every service's environment, so that strays can be found


@dataclass(frozen=True)
class File:
    """A file that is written before the process starts."""

    path: str
    text: str
    mode: int


@dataclass(frozen=True)
class Copy:
    """A secret: copied before the process starts, for its owner's eyes only."""

    source: str
    path: str


@dataclass(frozen=True)
class ProcessPlan:
    """One process to run: a service's only one, or one of its replicas.

    ports maps container ports to loopback ports. `directories` are made, those of `throwaway`
    emptied too, at every start of the instance; then files and secrets are written.
    """

    service: str
    argv: list[str]
    environment: dict[str, str]
    cwd: str
    ports: dict[int, int]
    directories: list[str]
    throwaway: list[str]
    probe: list[str]
    files: list[File] = field(default_factory=list)
    secrets: list[Copy] = field(default_factory=list)
    stop_signal: str = "SIGTERM"


@dataclass(frozen=True)
class Plan:
    """A whole instance: processes by name; `main_port` is for a browser, None without one."""

    main_port: int | None
    processes: dict[str, ProcessPlan]

    def ports(self) -> set[int]:
        """Return every port that this plan uses."""
        return {port for process in self.processes.values() for port in process.ports.values()}

    def named(self, word: str) -> list[str]:
        """Return the names of a service's processes, or of the one replica that is named so."""
        return [name for name, one in self.processes.items() if word in (name, one.service)]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Plan":
        """Undo to_json, after a trip through JSON text."""
        return cls(
            value["main_port"], {name: _process(raw) for name, raw in value["processes"].items()}
        )


def _process(raw: dict[str, Any]) -> ProcessPlan:
    ports = {int(inside): here for inside, here in raw["ports"].items()}
    files = [File(**one) for one in raw.get("files", [])]
    secrets = [Copy(**one) for one in raw.get("secrets", [])]
    return ProcessPlan(**{**raw, "ports": ports, "files": files, "secrets": secrets})


def prepare_directories(plan: Plan) -> None:
    """Make the volumes, empty the throw-away directories, write the files."""
    for process in plan.processes.values():
        for path in process.throwaway:
            shutil.rmtree(path, ignore_errors=True)
        for path in (*process.directories, *process.throwaway):
            Path(path).mkdir(parents=True, exist_ok=True)
        for file in process.files:
            target = Path(file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text, encoding="utf-8")
            target.chmod(file.mode)
        for secret in process.secrets:
            _copy(Path(secret.source), Path(secret.path))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o700)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        copy.write(source.read_bytes())
