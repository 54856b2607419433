"""Fixtures: small parts that run for real, and a gate around them."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gate.parts import Part
from gate.record import Record
from gate.results import Results
from gate.run import PLACE, Gate, Options
from lab.tests.conftest import make_system  # noqa: F401 - a fixture

# Plugins that these runs have no use for, and that take a second to import.
LIGHT = ["-q", "-p", "no:schemathesis", "-p", "no:locust", "-p", "no:hypothesispytest"]
PYTEST = (sys.executable, "-m", "pytest", *LIGHT, "-p", "gate.plugin")

# A test that fails the first time it is run, and passes from then on.
ONCE = """\
from pathlib import Path
def test_{name}():
    seen = Path(__file__).with_suffix(".{name}")
    if not seen.exists():
        seen.touch()
        raise AssertionError("unlucky")
"""

MakePart = Callable[..., Part]


@pytest.fixture
def make_part(tmp_path: Path) -> MakePart:
    """Make a part that runs tests from their text."""

    def make(text: str, name: str = "fixture", *, turn: str = "") -> Part:
        file = tmp_path / f"test_{name}.py"
        file.write_text(text, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = (*PYTEST, "-c", str(tmp_path / "pytest.ini"), str(file))
        return Part(name, f"tests of {name}", command, command, turn=turn)

    return make


class Outcome:
    """What a gate came to: its exit code, what it said, what it left."""

    def __init__(self, code: int, said: str, place: Path) -> None:
        self.code, self.said, self.place = code, said, place

    @property
    def last(self) -> str:
        """Its last line."""
        return self.said.splitlines()[-1]

    def results(self, name: str) -> Results:
        """Return what pytest wrote down for a part."""
        found = Results.read(self.place / f"{name}.results.json")
        assert found is not None
        return found


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a gate of these parts; its results are for the checkout at tmp_path."""

    def run(
        parts: Sequence[Part],
        record: Record | None = None,
        at_once: int = 1,
        *,
        writes: bool = False,
    ) -> Outcome:
        options = Options(tmp_path, at_once=at_once, record=writes)
        code = Gate(options, parts, record or Record()).run()
        return Outcome(code, capfd.readouterr().out, tmp_path / PLACE)

    return run
