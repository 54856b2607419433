"""What earlier runs have left of themselves, and the command that removes it."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from lab import engines
from lab.docker import api
from lab.docker.api import Api
from lab.docker.compose import command
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
    found = [*_processes(), *_files()]
    with suppress(LabError):  # no engine, no containers
        engine = api.connect()
        found += [*_containers(engine), *_images(engine)]
    return found


def _processes() -> Iterator[Finding]:
    counts = strays.below(STATE)
    for instance in engines.crashed():
        number = counts[instance.directory]
        what = f"processes of {instance.directory.name}, which has crashed: {number}"
        yield Finding(what, "./lab down")


def _containers(engine: Api) -> Iterator[Finding]:
    """Yield projects of this checkout's directories that no running instance owns."""
    listed = engine.get("/containers/json", all=True, filters={"label": [_FOLDER]})
    records = map(read_record, engines.running())
    owned = {record.project for record in records if record is not None}
    labels = [one["Labels"] for one in listed if Path(one["Labels"][_FOLDER]).is_relative_to(ROOT)]
    for project, number in Counter(one[PROJECT] for one in labels).items():
        if project not in owned:
            what = f"containers of {project}, which ./lab does not know to be running: {number}"
            yield Finding(what, f"{command()} --project-name {project} down")


def _images(engine: Api) -> Iterator[Finding]:
    """Yield what builds have replaced: each build of changed code leaves the image before it."""
    replaced = engine.get("/images/json", filters={"label": [PROJECT], "dangling": ["true"]})
    if replaced:
        what = f"images that later builds have replaced: {len(replaced)}"
        yield Finding(what, f"docker image prune --filter label={PROJECT}")


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
    removal = f"rm -r {path.relative_to(ROOT)}"
    record = read_record(instance) if instance is not None else None
    if record is None:
        return removal
    return f"{command()} --project-name {record.project} down --volumes && {removal}"
