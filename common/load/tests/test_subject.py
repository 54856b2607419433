"""What a bench measures, in the newest phase: a server may stand before the one with the data."""

from lab import phases
from lab.native.engine import NativeEngine
from load.subject import floor_of, throw_away


def test_the_newest_phase_has_a_floor_that_answers() -> None:
    newest = phases.built()[-1]
    with (
        throw_away(NativeEngine(), newest, lambda _: None) as (instance, _),
        floor_of("floor", instance) as floor,
    ):
        assert floor.usage()["floor"].cpu_seconds > 0
