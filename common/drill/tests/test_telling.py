"""What a person and a script are told about a drill."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from drill.definition import Drill
from drill.history import Fault, Finding
from drill.outcome import MESSAGES, Claim, Number, Observation, Outcome
from drill.telling import picture, text
from drill.timeline import Timeline

DRILL = Drill("example", "Does it hold?", lambda _stage: None, sends=1)

SEEN = Observation(MESSAGES, 7, least=5)


def _outcome(
    *findings: Finding, holds: bool = True, of: int = 1, seen: Sequence[Observation] = (SEEN,)
) -> Outcome:
    timeline = Timeline()
    timeline.mark("kill -9 chat")
    timeline.add("send", timeline.now() - 0.25)
    timeline.add("send", timeline.now(), "ConnectionRefusedError")
    claims = [Claim("it came back", holds, of)]
    return Outcome("phase 0", timeline, [Number("kills", 1, "")], seen, claims, findings)


def test_a_clean_drill_passes() -> None:
    outcome = _outcome()
    assert outcome.is_good
    assert outcome.verdict.startswith("PASSED")


def test_one_lost_message_fails_it() -> None:
    outcome = _outcome(Finding(Fault.LOST, "c", "m1"))
    assert not outcome.is_good
    assert outcome.verdict == "FAILED: 1 lost"
    assert any("m1" in line for line in text(DRILL, [outcome]))


def test_what_did_not_come_true_fails_it_too() -> None:
    outcome = _outcome(holds=False)
    assert not outcome.is_good
    assert "it came back" in outcome.verdict


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([], "nothing was observed"),
        ([Observation(MESSAGES, 4, least=5)], "4 messages acknowledged, and it takes 5"),
        ([SEEN, Observation("names read", 0, least=0)], "0 names read, and it takes 1"),
    ],
)
def test_who_has_seen_too_little_gives_no_verdict(seen: list[Observation], words: str) -> None:
    outcome = _outcome(seen=seen)
    assert not outcome.is_good
    assert outcome.verdict == f"NO VERDICT: {words}"


@pytest.mark.parametrize("holds", [True, False])
def test_a_claim_about_nothing_is_not_judged(*, holds: bool) -> None:
    outcome = _outcome(holds=holds, of=0)
    assert not outcome.is_good
    assert outcome.verdict == "NO VERDICT: nothing was seen of: it came back"
    assert "?    it came back" in list(text(DRILL, [outcome]))


def test_harm_is_told_even_if_little_was_seen() -> None:
    outcome = _outcome(Finding(Fault.LOST, "c", "m1"), seen=[])
    assert outcome.verdict == "FAILED: 1 lost"


def test_a_drill_without_messages_says_nothing_of_them() -> None:
    outcome = _outcome(seen=[Observation("names read", 60, least=30)])
    assert outcome.is_good
    assert "lost" not in outcome.verdict


def test_the_timeline_shows_answers_errors_and_the_fault() -> None:
    told = "\n".join(text(DRILL, [_outcome()]))
    assert "Does it hold?" in told
    assert "1 x ConnectionRefusedError" in told
    assert "kill -9 chat" in told


def test_phases_stand_side_by_side() -> None:
    told = list(text(DRILL, [_outcome(), _outcome()]))
    assert any(line.split() == ["kills", "1", "1"] for line in told)


def test_the_picture_is_svg_and_names_the_fault() -> None:
    root = ET.fromstring(picture(DRILL, _outcome()))
    words = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("kill -9 chat" in one for one in words)


def test_it_is_json() -> None:
    written = json.loads(json.dumps(_outcome().to_json()))
    assert written["good"] is True
    assert written["seconds"][0]["answered"] == {"send": 1}
