"""Which engines answer here."""

import sys

from lab.docker import api, compose
from lab.docker.engine import DockerEngine
from lab.doctor.report import EngineReport, Finding
from lab.errors import LabError
from lab.native.adapters.registry import ADAPTERS
from lab.native.engine import NativeEngine

PLATFORM = "linux"  # the native engine stands on prctl and /proc


def look() -> list[EngineReport]:
    """Ask each, the preferred one first."""
    return [_docker(), _native()]


def _docker() -> EngineReport:
    versions: dict[str, str] = {}
    try:
        versions["docker"] = str(api.connect().get("/version")["Version"])
        versions["compose"] = compose.find().version
    except LabError as error:
        return EngineReport(DockerEngine.name, versions, finding(error))
    return EngineReport(DockerEngine.name, versions)


def _native() -> EngineReport:
    if sys.platform == PLATFORM:
        servers = filter(None, (adapter.find() for adapter in ADAPTERS))
        return EngineReport(NativeEngine.name, {one.product: one.version for one in servers})
    problem = Finding(
        "ordinary processes are for Linux; here it takes Docker",
        "https://docs.docker.com/engine/install/ says how",
    )
    return EngineReport(NativeEngine.name, {}, problem)


def finding(error: LabError) -> Finding:
    """Return an error as something to know."""
    return Finding(str(error), error.hint)
