"""What each engine lacks for each phase, as that phase's compose.yaml tells."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import phases
from lab.compose.model import Service
from lab.compose.parse import load, load_native
from lab.docker import api
from lab.docker.compose import command
from lab.docker.engine import DockerEngine
from lab.docker.launch import phase_project
from lab.doctor.engines import finding
from lab.doctor.report import EngineReport, Finding, NeedsReport, PhaseReport
from lab.errors import LabError, RefusedError
from lab.instance import Instance, of_phase
from lab.native.adapters.adapter import Adapter
from lab.native.engine import NativeEngine
from lab.native.image import image_of
from lab.native.jvm import WithJars
from lab.native.maven import missing
from lab.native.planner import check
from lab.paths import ROOT, VENV
from lab.phases import Phase


def look(engines: list[EngineReport]) -> list[PhaseReport]:
    """Examine every phase of this checkout for every engine."""
    return [of(phase, engines) for phase in phases.built()]


def of(phase: Phase, engines: list[EngineReport]) -> PhaseReport:
    """Examine one phase."""
    examine = {DockerEngine.name: _docker, NativeEngine.name: _native}
    needs = {one.name: _needs(one, examine[one.name], of_phase(phase)) for one in engines}
    return PhaseReport(phase.name, phase.directory.name, _images(phase), needs)


def _needs(
    engine: EngineReport, examine: Callable[[Instance], NeedsReport], instance: Instance
) -> NeedsReport:
    if engine.problem is not None:
        return NeedsReport([engine.problem], [])
    try:
        return examine(instance)
    except LabError as error:
        return NeedsReport([finding(error)], [])


def _images(phase: Phase) -> list[str]:
    try:
        services = load(phase.directory).services.values()
    except RefusedError:  # the native engine says so, with the line
        return []
    return sorted({one.image for one in services if one.context is None and one.image})


def _native(instance: Instance) -> NeedsReport:
    """Look for the servers and programs that its services need; all that is missing is told."""
    missing: list[Finding] = []
    notes: list[Finding] = []
    for service in load_native(instance.phase.directory).services.values():
        try:
            image = image_of(service)
        except RefusedError as error:
            missing.append(finding(error))
            continue
        if image is None:
            missing += _program(service)
        else:
            server = image.server
            notes.append(Finding(f"{service.name} is {server.product} {server.version} here"))
            notes += _jars(service.name, image.adapter)
    if not missing:
        check(instance)  # refuses whatever else the native engine cannot do
    return NeedsReport(missing, notes)


def _jars(service: str, adapter: Adapter) -> Iterator[Finding]:
    """Yield how many files a server still needs from Maven Central."""
    lacking = missing(adapter.artifacts) if isinstance(adapter, WithJars) else []
    if lacking:
        files, it = ("1 file", "it") if len(lacking) == 1 else (f"{len(lacking)} files", "them")
        yield Finding(f"{service} needs {files} of Maven Central: its first start fetches {it}")


def _program(service: Service) -> Iterator[Finding]:
    """Yield the program of a service that is built, if it is nowhere to be found."""
    path = f"{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    program = next(iter(service.command), None)
    if program is not None and shutil.which(program, path=path) is None:
        yield Finding(
            f"{service.name} runs {program}, which is neither in .venv nor on the PATH",
            "rm -rf .venv && ./lab",
        )


def _docker(instance: Instance) -> NeedsReport:
    """Look for its images: what is not there is got by the first start, which then takes longer."""
    engine = api.connect()
    services = phase_project(instance, instance.phase.name).config()["services"]
    where = f"{command()} --project-directory {_short(instance.phase.directory)}"
    notes = [Finding(warning) for warning in DockerEngine().check(instance)]
    for name, service in services.items():
        image, built = service.get("image"), "build" in service
        if image is None or engine.find(f"/images/{image}/json") is not None:
            continue
        verb = "build" if built else "pull"
        notes.append(Finding(f"the image of {name}, {image}, is not here yet", f"{where} {verb}"))
    return NeedsReport([], notes)


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
