"""The picture of a phase shows its compose.yaml: all of it, and nothing that is not there."""

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs import tree
from docs.picture import DRAWING, SOURCE
from docs.refresh import drawing
from lab import phases
from lab.compose.parse import load
from lab.phases import Phase

PHASES = phases.built()


def _drawn(phase: Phase, attribute: str) -> list[str]:
    root = ET.parse(phase.directory / DRAWING).getroot()
    return sorted(
        element.attrib[attribute] for element in root.iter() if attribute in element.attrib
    )


@pytest.fixture(params=PHASES, ids=lambda phase: phase.name)
def phase(request: pytest.FixtureRequest) -> Phase:
    found = request.param
    assert isinstance(found, Phase)
    return found


def test_the_picture_is_drawn_from_its_source(phase: Phase) -> None:
    wanted = drawing(phase.directory / SOURCE)
    shown = (phase.directory / DRAWING).read_text(encoding="utf-8")
    assert shown == wanted, "the picture is outdated; draw it: ./lab docs --write"


def test_every_service_port_and_volume_is_in_the_picture_and_no_other(phase: Phase) -> None:
    topology = load(phase.directory, {"CHAT_PORT": str(phase.port)})
    services = topology.services.values()
    assert _drawn(phase, "data-service") == sorted(topology.services)
    ports = [str(port.published) for service in services for port in service.ports]
    assert _drawn(phase, "data-port") == sorted(ports)
    hosts = {mount.host for service in services for mount in service.mounts if mount.host}
    mounted = {os.path.relpath(host, phase.directory) for host in hosts}
    assert _drawn(phase, "data-volume") == sorted(mounted | set(topology.volumes))


def test_the_picture_needs_nothing_from_elsewhere(phase: Phase) -> None:
    """It is served under a policy that forbids it, and shown on pages that block it."""
    text = (phase.directory / DRAWING).read_text(encoding="utf-8")
    addresses = set(re.findall(r"[a-z]+://[^\s\"')]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "@import" not in text
    assert "@font-face" not in text
    assert "prefers-color-scheme: dark" in text


def test_every_phase_has_its_lesson_with_the_picture(phase: Phase) -> None:
    lesson = phase.directory / "README.md"
    assert f"]({DRAWING})" in lesson.read_text(encoding="utf-8")


def test_there_is_a_phase_to_look_at() -> None:
    assert Path(tree.ROOT / "phase0-mvp") in [phase.directory for phase in PHASES]
