"""What earlier runs have left of themselves, and the command that removes it."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from lab import engines
from lab.docker import api
from lab.docker.containers import PROJECT
from lab.docker.record import read_record
from lab.doctor.report import Finding
from lab.errors import LabError
from lab.instance import Instance, load
from lab.native import strays
from lab.paths import ROOT, STATE

_FOLDER = f"{PROJECT}.working_dir"
_OF_PROCESS = re.compile(r"(?:test-.+|counts)-(?P<pid>\d+)(?:\.json)?")


def look() -> list[Finding]:
    """Find all of it."""
    return [*_processes(), *_containers(), *_files()]


def _processes() -> Iterator[Finding]:
    counts = strays.below(STATE)
    for instance in engines.crashed():
        number = counts[instance.directory]
        what = f"processes of {instance.directory.name}, which has crashed: {number}"
        yield Finding(what, "./lab down")


def _containers() -> Iterator[Finding]:
    """Yield projects of this checkout's directories that no running instance owns."""
    try:
        listed = api.connect().get("/containers/json", all=True, filters={"label": [_FOLDER]})
    except LabError:
        return  # no engine, no containers
    records = map(read_record, engines.running())
    owned = {record.project for record in records if record is not None}
    labels = [one["Labels"] for one in listed if Path(one["Labels"][_FOLDER]).is_relative_to(ROOT)]
    for project, number in Counter(one[PROJECT] for one in labels).items():
        if project not in owned:
            what = f"containers of {project}, which ./lab does not know to be running: {number}"
            yield Finding(what, f"docker compose --project-name {project} down")


def _files() -> Iterator[Finding]:
    """Yield what test runs that have ended keep below .lab, for a look at the logs or by crash."""
    for path in sorted(STATE.glob("*-*")):
        name = _OF_PROCESS.fullmatch(path.name)
        if name is None or psutil.pid_exists(int(name["pid"])):
            continue
        instance = load(path)
        if instance is None or not engines.of(instance).is_running(instance):
            short = path.relative_to(ROOT)
            yield Finding(f"{short}, of a test run that did not end well", _remove(path, instance))


def _remove(path: Path, instance: Instance | None) -> str:
    command = f"rm -r {path.relative_to(ROOT)}"
    record = read_record(instance) if instance is not None else None
    if record is None:
        return command
    return f"docker compose --project-name {record.project} down --volumes && {command}"
