"""`lab dead-letters`, where the phase's command is a stand-in: what is asked, and what is shown."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from lab.cli import dead_letters
from lab.errors import LabError
from lab.tests.copies import lab

LETTERS = [
    {"id": f"{n}abc", "queue": "mail", "attempts": n, "first_failed_at": None, "type": None}
    | {"reason": "Transient: away", "event_id": None, "request_id": None}
    for n in range(2)
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What the phase was asked."""
    asked: list[Sequence[str]] = []

    def ask(_instance: object, words: Sequence[str]) -> list[dict[str, Any]]:
        asked.append(words)
        return LETTERS if words[0] == "list" else [{"settled": 1}]

    monkeypatch.setattr(dead_letters, "ask", ask)
    monkeypatch.setattr(dead_letters, "must_run", lambda _: None)
    return asked


def test_a_table_for_people_and_json_for_programs(
    asked: list[Sequence[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    lab("dead-letters", "0", "list")
    head, first, _ = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "QUEUE", "ATTEMPTS", "FIRST", "FAILED", "TYPE", "REASON"]
    assert "Transient: away" in first
    lab("dead-letters", "0", "list", "--json")
    assert json.loads(capsys.readouterr().out) == LETTERS
    assert asked == [["list"]] * 2


def test_the_beginning_of_an_id_will_do(asked: list[Sequence[str]]) -> None:
    lab("dead-letters", "0", "replay", "1a")
    lab("dead-letters", "0", "replay", "--all")
    settled = [words for words in asked if words != ["list"]]
    assert settled == [["replay", "1abc"], ["replay", "--all"]]


@pytest.mark.parametrize("words", [["replay"], ["drop", "--all"], ["list", "0"], ["drop", "zz"]])
def test_what_is_not_said_clearly_is_not_done(asked: list[Sequence[str]], words: list[str]) -> None:
    with pytest.raises(LabError):
        lab("dead-letters", "0", *words)
    assert [one for one in asked if one != ["list"]] == []
