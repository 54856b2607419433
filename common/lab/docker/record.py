"""What is kept under .lab/ of an instance under Docker: .lab/NAME/docker.json."""

import hashlib
import re
from dataclasses import asdict, dataclass

from lab.docker.api import Api
from lab.docker.containers import has_volumes, of_project
from lab.instance import Instance
from lab.paths import ROOT

_FILE = "docker.json"


@dataclass(frozen=True)
class Record:
    """The project that holds an instance's containers and data, and its address."""

    project: str
    address: str | None = None


def read_record(instance: Instance) -> Record | None:
    """Return what is known, None if it never ran under Docker."""
    raw = instance.read(_FILE)
    return None if raw is None else Record(**raw)  # type: ignore[arg-type] # written below


def write_record(instance: Instance, record: Record) -> None:
    """Replace what is known."""
    instance.write(_FILE, asdict(record))


def choose_project(instance: Instance, api: Api) -> str:
    """Return the project that an instance has, or is to have.

    `chat-phase0` is what `docker compose` says in the phase's directory too. If there is such
    a project already that is not this checkout's, its containers and data are left alone.
    """
    record = read_record(instance)
    if record is not None:
        return record.project
    plain = "chat-" + re.sub(r"[^a-z0-9_-]", "-", instance.directory.name.lower())
    if of_project(api, plain) or has_volumes(api, plain):
        return f"{plain}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"
    return plain
