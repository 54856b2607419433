"""From runs to figures, tables, charts and the page."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from load import result as results
from load import table
from load.figures import Figures
from load.plan import FULL, QUICK, Part, Plan, turns
from load.report import write
from load.result import FLOOR, Result, Run
from load.spread import Spread

ROUNDS = (1, 2, 3)
SVG = "{http://www.w3.org/2000/svg}"


def _summary(rate: float, p99: float) -> dict[str, Any]:
    latency = {"p50": p99 / 4, "p95": p99 / 2, "p99": p99, "max": p99 * 2}
    operation = {"latency_ms": latency, "queries": 3.0, "app_ms": 1.2, "db_ms": 0.4}
    return {
        "rate": rate,
        "requests": 1000,
        "failed": 0,
        "not_served": 0,
        "throughput": rate * 0.98,
        "latency_ms": latency,
        "receipt_ms": latency,
        "operations": dict.fromkeys(("send", "list", "history"), operation),
    }


def _run(subject: str, part: str, number: int, cpu: float, *stages: dict[str, Any]) -> Run:
    return Run(
        subject=subject,
        part=part,
        pinned=True,
        round=number,
        stages=list(stages or [_summary(100, 20.0)]),
        cpu_seconds={"chat": cpu},
        memory={"chat": 80 * 2**20},
        load_average=0.5,
    )


@pytest.fixture
def result() -> Result:
    """Two phases and their floors; the second costs twice the first."""
    runs = []
    for number in ROUNDS:
        for part in ("send", "list", "history"):
            for phase, cost in (("phase 0", 2.0), ("phase 1", 4.0)):
                runs.append(_run(phase, part, number, cost + number / 100))
                runs.append(_run(phase + FLOOR, part, number, 1.0))
        for part in ("day", "delivery"):
            runs += [_run(phase, part, number, 2.0) for phase in ("phase 0", "phase 1")]
        stages = [_summary(100, 20), _summary(150, 300), _summary(225, 900)]
        runs.append(_run("phase 0", "saturation", number, 5.0, *stages))
    about = {
        "when": "2026-11-23T21:00:00Z",
        "machine": {"processor": "P", "cores": 2, "memory_gib": 8, "system": "Linux 6"},
        "versions": {"python": "3.11"},
        "commit": "abc",
        "changed": False,
        "load_average": 0.1,
    }
    parameters = {
        "phases": ["phase 0", "phase 1"],
        "rounds": 3,
        "people": 20,
        "circle": 10,
        "world": "bench",
        "bound": {"p99_ms": 500, "errors": 0.01},
        "parts": [vars(part) for part in QUICK.parts],
    }
    return Result(about, parameters, 5000, runs)


def test_the_cost_is_a_multiple_of_the_floor_in_the_same_round(result: Result) -> None:
    multiple = Figures(result, pinned=True).multiple("phase 0", "send")
    assert multiple is not None
    assert vars(multiple) == pytest.approx({"middle": 2.02, "low": 2.01, "high": 2.03})


def test_a_phase_is_compared_with_the_one_before(result: Result) -> None:
    rows = {row[0]: row[-1] for row in table.comparisons(Figures(result, pinned=True))}
    assert rows["send"] == "x 1.99 (1.99-2.00) in 3 rounds, too few"
    assert rows["day"] == "no difference"


def test_the_knee_is_the_last_stage_within_the_bound(result: Result) -> None:
    assert Figures(result, pinned=True).knee("phase 0") == Spread.of([147.0])


def test_where_the_rates_end_before_the_bound_is_broken_the_knee_is_at_least_that(
    result: Result,
) -> None:
    figures = Figures(result, pinned=True)
    assert "saturation: 147 requests/s" in table.saturation(figures, "phase 0")
    result.runs[-1].stages.pop()
    result.runs[-1].stages.pop()
    assert "saturation: at least 147 (98-147) requests/s" in table.saturation(figures, "phase 0")


def test_limits_that_a_phase_has_are_told_with_the_figures(result: Result) -> None:
    result.parameters["limits"] = {"phase 0": "none", "phase 1": "bench"}
    told = [line for line in table.whole(result) if "limits" in line]
    assert told == ["phase 1 ran with the limits `bench`."]


def test_invalid_runs_are_told_and_not_used(result: Result) -> None:
    run = result.runs[0]
    assert run.part == "send"
    run.invalid.append("the generator was too slow")
    figures = Figures(result, pinned=True)
    assert figures.cpu("phase 0", "send") == Spread.of([2.02, 2.03])
    assert any("too slow" in line for line in table.whole(result))


def test_of_a_late_run_the_cost_is_used_and_the_latency_not(result: Result) -> None:
    for run in result.runs:
        if run.part == "day":
            run.late.append("sent 30 ms late (p99)")
    figures = Figures(result, pinned=True)
    assert figures.cpu("phase 0", "day") is not None
    assert figures.stage("phase 0", "day", "latency_ms", "p99") is None


def test_a_result_comes_back_from_its_file(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path / "r.json")
    assert results.read(tmp_path / "r.json") == result
    (tmp_path / "other.json").write_text(json.dumps({"kind": "drill"}))
    with pytest.raises(ValueError, match=r"other\.json"):
        results.read(tmp_path / "other.json")


def test_the_page_shows_every_chart_it_draws(result: Result, tmp_path: Path) -> None:
    charts = tmp_path / "benchmarks"
    result.write(charts / "one.json")
    page, *drawn = write([charts / "one.json"], tmp_path / "benchmarks.md", charts)
    text = page.read_text()
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert sorted(tmp_path / one for one in shown) == sorted(drawn)
    assert len(drawn) >= 2
    assert "x 1.99" in text
    for file in drawn:
        root = ET.fromstring(file.read_text())
        words = [one.text for one in root.iter(f"{SVG}text")]
        assert "phase 0" in words
        assert "phase 1" in words or "saturation" in file.name
        assert "prefers-color-scheme: dark" in file.read_text()


def test_the_page_shows_drills(result: Result, tmp_path: Path) -> None:
    drill = {
        "kind": "drill",
        "drill": "killed",
        "question": "Is anything lost?",
        "about": result.about,
        "phase": "phase 0",
        "verdict": "PASSED: nothing lost",
        "numbers": [{"name": "kills", "value": 5, "unit": "", "text": "5"}],
        "seconds": [{}],
    }
    (tmp_path / "phase0-killed.json").write_text(json.dumps(drill))
    page, *_ = write([tmp_path / "phase0-killed.json"], tmp_path / "page.md", tmp_path)
    assert "| kills | 5 |" in page.read_text()
    assert "benchmarks/phase0-killed.svg" in page.read_text()


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_every_round_has_every_part_in_an_order_of_its_own(plan: Plan) -> None:
    rounds = turns(plan, [False, True], [True, False], seed=1)
    assert len(rounds) == plan.rounds
    for number, order in enumerate(rounds, start=1):
        for part in plan.parts:
            for pinned in (True, False):
                found = {one.subject for one in order if (one.part, one.pinned) == (part, pinned)}
                wanted = {0, 1} if part.with_floor else {0}
                assert found == (wanted if part.is_due(number, pinned=pinned) else set())
    assert [one.part.name for one in rounds[0]] != [one.part.name for one in rounds[1]]


def test_saturation_raises_the_rate_step_by_step() -> None:
    part = Part("s", "Day", rate=100, seconds=1, warm_up=1, growth=1.5, most_stages=3)
    assert [stage.rate for stage in part.stages()] == [100, 100, 150, 225]
    assert [stage.measured for stage in part.stages()] == [False, True, True, True]
