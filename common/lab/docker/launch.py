"""From a compose.yaml to running containers: images, free ports, `docker compose up`."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lab.compose.declared import chosen_profiles
from lab.compose.front import MAIN_PORT, wanted_port
from lab.compose.parse import FILE_NAME
from lab.docker.build import build
from lab.docker.compose import ComposeError, Project
from lab.docker.containers import Container
from lab.docker.ports import settle, write_override
from lab.docker.record import Record, write_record
from lab.docker.secrets import with_secrets
from lab.errors import LabError
from lab.instance import Instance
from lab.native.ports import PortChooser
from lab.wish import Wish

_PORT_ATTEMPTS = 5
_OVERRIDE, _BEFORE = "compose.ports.yaml", "compose.before.yaml"
_STEPS = {"Waiting": "others wait for it", "Healthy": "healthy", "Exited": "done"}
_TAKEN = ("port is already allocated", "address already in use")


def phase_project(
    instance: Instance,
    name: str,
    variables: Mapping[str, str] | None = None,
    profiles: Sequence[str] = (),
) -> Project:
    """Return the project that an instance's compose.yaml describes, with its own ports.

    Raises UsageError for a profile that is not there.
    """
    directory = instance.phase.directory
    chosen = chosen_profiles(directory, profiles)
    return Project(name, (directory / FILE_NAME,), variables, chosen)


def launch(
    instance: Instance, name: str, wish: Wish, tell: Callable[[str], None], lock: int
) -> None:
    """Start a project's containers; waits only for what depends_on makes wait.

    lock stays open as long as Compose works, even if we are killed. Raises LabError, ComposeError.
    """
    build(phase_project(instance, name, profiles=wish.profiles), tell)
    Project(name).do("down", "--remove-orphans")  # what has ended but is still there
    replicas = [f"--scale={service}={number}" for service, number in wish.scale.items()]
    avoid: set[int] = set()
    for _ in range(_PORT_ATTEMPTS):
        project, port = _with_ports(instance, name, wish, avoid)
        write_record(instance, Record(name, f"http://127.0.0.1:{port}" if port else None))
        try:
            words = ("up", "--detach", "--no-build", *replicas)
            project.do(*words, tell=partial(_step, name, tell), keep=[lock])
        except ComposeError as error:
            if not any(words in line for words in _TAKEN for line in error.said):
                raise
            avoid |= {port} if port else set()
        else:
            return
    raise LabError("other programs kept taking the ports that were chosen; run it again")


def relaunch(
    instance: Instance, record: Record, container: Container, before: Sequence[str]
) -> None:
    """Replace a container by one with the same environment, and words before the file's command.

    Raises ComposeError.
    """
    address = {MAIN_PORT: record.address.rpartition(":")[2]} if record.address else None
    project = with_secrets(phase_project(instance, record.project, address), instance)
    command = project.config()["services"][container.service]["command"]  # its `$` are doubled
    said = {
        "command": [*map(_doubled, before), *command],
        "environment": [_doubled(one) for one in container.raw["Config"]["Env"]],
    }
    file = instance.directory / _BEFORE
    file.write_text(json.dumps({"services": {container.service: said}}), encoding="utf-8")
    ports = instance.directory / _OVERRIDE
    files = (*project.files, *([ports] if ports.exists() else []), file)
    words = ("up", "--detach", "--no-build", "--no-deps", "--force-recreate", container.service)
    replace(project, files=files).do(*words)


def _doubled(word: str) -> str:
    """Keep Compose from taking a `$` for a variable's."""
    return word.replace("$", "$$")


def _step(name: str, tell: Callable[[str], None], line: str) -> None:
    """Tell of a service that another one waits for, and that it need not any more."""
    found = re.match(rf"\s*Container {re.escape(name)}-(.+)-\d+\s+(\w+)$", line)
    if found is not None and found[2] in _STEPS:
        tell(f"{found[1]}: {_STEPS[found[2]]}")


def _with_ports(
    instance: Instance, name: str, wish: Wish, avoid: set[int]
) -> tuple[Project, int | None]:
    """Choose ports that are free; returns the project with them, and the main one."""
    chooser = PortChooser(avoid)
    main = chooser.at_or_after(wanted_port(instance.phase.directory, instance.phase.port))
    project = phase_project(instance, name, {MAIN_PORT: str(main)}, wish.profiles)
    project = with_secrets(project, instance)
    published = settle(project.config(), chooser, main)
    override = write_override(instance.directory / _OVERRIDE, published)
    return replace(project, files=(*project.files, *override)), published.main


def unreadable(config: Mapping[str, Any]) -> list[Path]:
    """Return what is mounted but may be read by its owner alone, while containers run as others."""
    secrets = config.get("secrets", {}).values()
    sources = {
        Path(mount["source"])
        for service in config["services"].values()
        for mount in service.get("volumes", ())
        if mount["type"] == "bind"
    } | {Path(secret["file"]) for secret in secrets if "file" in secret}
    return sorted(path for path in sources if path.exists() and not _readable(path))


def _readable(path: Path) -> bool:
    needed = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & needed == needed
