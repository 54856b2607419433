"""A small bench of the real phase 0, seeded, with its floor and with sockets."""

from dataclasses import replace

import pytest

from lab import phases
from lab.data import Data, world
from lab.native.engine import NativeEngine
from load.bench import Bench
from load.figures import Figures
from load.plan import QUICK, Part, Plan
from load.result import FLOOR, Result
from load.subject import throw_away
from load.world import WORLD

SMALL = Part("", "", rate=40, seconds=2, warm_up=0.5, users=8, pinned_rounds=0)
PLAN = Plan(
    rounds=1,
    people=20,
    parts=[
        *(replace(part, free_rounds=0) for part in QUICK.parts if part.with_floor),
        replace(SMALL, name="day", user="Day"),
        replace(SMALL, name="delivery", user="CircleSender", rate=20, listeners=20),
    ],
)


@pytest.fixture(scope="module")
def result() -> Result:
    engine = NativeEngine()
    with throw_away(engine, phases.find("0"), lambda _: None) as (instance, url):
        with world(WORLD) as archive:
            Data(instance, quiet=True).import_from(archive)
        return Bench(PLAN, lambda _: None).run(engine, [(instance, url)])


def test_nothing_fails(result: Result) -> None:
    for run in result.runs:
        for stage in run.stages:
            assert stage["failed"] == 0, (run.subject, run.part, stage)
            assert stage["requests"] > 20


@pytest.mark.parametrize(("part", "queries"), [("send", 7), ("list", 3), ("history", 4)])
def test_main_operations_cost_more_than_their_floor(
    result: Result, part: str, queries: int
) -> None:
    figures = Figures(result, pinned=True)
    multiple = figures.multiple("phase 0", part)
    assert multiple is not None
    assert multiple.middle > 1
    counted = figures.stage("phase 0", part, "operations", part, "queries")
    if counted is not None:  # not when the machine made the generator late
        assert counted.middle <= queries


def test_every_message_is_received_by_the_nine_others(result: Result) -> None:
    for run in result.select("phase 0", "delivery", pinned=False):
        (stage,) = run.stages
        assert stage["receipts"] == pytest.approx(9 * stage["requests"], rel=0.1)
        assert 0 < stage["receipt_ms"]["p50"] < 5000


def test_the_cost_is_told_by_service(result: Result) -> None:
    for run in result.runs:
        service = "floor" if run.subject.endswith(FLOOR) else "chat"
        assert run.cpu_seconds[service] > 0
        assert run.memory[service] > 2**20
