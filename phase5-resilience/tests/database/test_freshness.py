"""Who must find how much replayed: marks are kept, raised, dropped, and never too low."""

import math

import pytest

from chassis import freshness
from chassis.freshness import EVERYBODY, Freshness

LATER = math.inf
"""Everything from before has been replayed."""


@pytest.fixture
def marks() -> Freshness:
    return Freshness()


def _commit(marks: Freshness, *keys: str, lsn: int | None) -> None:
    marks.committing(keys)
    marks.committed(keys, lsn)


def test_a_commit_concerns_those_it_names_and_nobody_else(marks: Freshness) -> None:
    _commit(marks, "ann", "talk", lsn=200)
    for keys in (["ann"], ["bob", "talk"]):
        assert not marks.allows(keys, 199, LATER)
        assert marks.allows(keys, 200, LATER)
    assert marks.allows(["bob"], 0, LATER)


def test_what_concerns_everybody_concerns_who_names_nothing(marks: Freshness) -> None:
    _commit(marks, EVERYBODY, lsn=200)
    assert not marks.allows([], 199, LATER)
    assert not marks.allows(["bob"], 199, LATER)
    assert marks.allows([], 200, LATER)


def test_during_the_commit_nobody_is_sure(marks: Freshness) -> None:
    marks.committing(["talk"])
    marks.committing(["talk"])
    marks.committed(["talk"], 200)
    assert not marks.allows(["talk"], 1000, LATER)
    assert marks.allows(["bob"], 0, LATER)
    marks.committed(["talk"], 190)
    assert not marks.allows(["talk"], 199, LATER)
    assert marks.allows(["talk"], 200, LATER)


def test_what_the_replica_has_is_forgotten(marks: Freshness) -> None:
    _commit(marks, "ann", lsn=200)
    _commit(marks, "bob", lsn=300)
    assert marks.is_awaited
    marks.forget(250)
    assert marks.allows(["ann"], 0, LATER)
    assert not marks.allows(["bob"], 299, LATER)
    marks.forget(300)
    assert not marks.is_awaited


def test_a_new_process_trusts_no_replica_of_which_it_knows_nothing(marks: Freshness) -> None:
    assert not marks.allows(["ann"], 1000, -math.inf)


def test_a_commit_of_unknown_outcome_is_doubted_until_the_replica_has_all_from_after_it(
    marks: Freshness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 10.0)
    _commit(marks, "ann", lsn=None)
    assert not marks.allows(["bob"], 1000, 9.9)
    assert not marks.allows(["bob"], 1000, 10.0)
    assert marks.allows(["bob"], 0, 10.1)


def test_the_marks_are_bounded(marks: Freshness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MARKS_MAX", 100)
    for number in range(1000):
        _commit(marks, f"person {number}", lsn=200 + number)
        assert len(marks._marks) <= 100
    for number in range(1000):
        assert not marks.allows([f"person {number}"], 200 + number - 1, LATER)
