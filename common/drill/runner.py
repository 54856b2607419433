"""Running a drill against one phase, in an instance of its own."""

import tempfile
from collections.abc import Callable

from load.subject import throw_away

from drill.definition import Drill
from drill.outcome import Outcome
from drill.stage import Stage
from lab.data import Data
from lab.engine import Engine
from lab.instance import Instance
from lab.phases import Phase
from lab.running import Observer

Told = Callable[[str], None]


def run(drill: Drill, engine: Engine, phase: Phase, observe: Observer, tell: Told) -> Outcome:
    """Start the phase, run the drill, check the history; everything is gone afterwards."""
    with throw_away(engine, phase, observe, drill.limits) as (instance, url):
        if drill.world is not None:
            tell(f"{phase.label} is filled")
            _fill(drill, instance)
        tell(f"{drill.name}, {phase.label}: running")
        stage = Stage(engine, instance, url)
        drill.run(stage)
        tell(f"{drill.name}, {phase.label}: reading everything back")
        findings = stage.check(drill.sends)
        seen = (stage.timeline, stage.numbers, stage.observations, stage.claims)
        return Outcome(phase.label, *seen, findings)


def _fill(drill: Drill, instance: Instance) -> None:
    assert drill.world is not None  # noqa: S101 - the caller looked
    with tempfile.TemporaryFile() as archive:
        drill.world(archive)
        archive.seek(0)
        Data(instance, quiet=True).import_from(archive)
