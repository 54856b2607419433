"""A drill in which nothing happens must not pass, whatever it claims."""

import json
from pathlib import Path

import pytest

from drill.definition import Drill
from drill.stage import Stage
from lab import phases
from lab.cli import drill as cli
from lab.engines import Kind


def _nothing(stage: Stage) -> None:
    stage.claim("nobody read anything old", holds=True, of=1)


def _silent_load(stage: Stage) -> None:
    with stage.load(rate=0.001):
        pass


@pytest.mark.parametrize(
    ("run", "sends", "words"),
    [
        (_nothing, 0, "NO VERDICT: nothing was observed"),
        (_silent_load, 5, "NO VERDICT: 0 messages acknowledged, and it takes 5"),
    ],
)
def test_a_run_in_which_nothing_was_sent_fails(
    tmp_path: Path, run: object, sends: int, words: str
) -> None:
    assert callable(run)
    drill = Drill("idle", "Does anything happen?", run, sends)
    good = cli._run(drill, [phases.find("0")], Kind.NATIVE, tmp_path, as_json=False)
    assert good is False
    (kept,) = tmp_path.glob("*.json")
    assert json.loads(kept.read_text())["verdict"].startswith(words)
