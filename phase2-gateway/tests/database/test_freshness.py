"""Who must find how much replayed: marks are kept, raised, dropped, and never too low."""

import pytest

from chassis import freshness
from chassis.freshness import EVERYBODY, NOWHERE, STALE_AFTER, Freshness, lsn_of


@pytest.fixture
def marks() -> Freshness:
    """Marks of a process that knows its primary, whose log ends at 100 and is replayed."""
    marks = Freshness()
    marks.observe(100, asked_at=1.0)
    marks.replayed(100, now=0.0)
    return marks


def _commit(marks: Freshness, *keys: str, lsn: int | None) -> None:
    marks.committing(keys)
    marks.committed(keys, lsn)


def test_an_lsn_is_a_number_of_bytes() -> None:
    assert lsn_of("0/100") == 0x100
    assert lsn_of("16/B374D848") == 0x16_B374D848


def test_a_commit_concerns_those_it_names_and_nobody_else(marks: Freshness) -> None:
    _commit(marks, "ann", "talk", lsn=200)
    assert marks.needed(["ann"]) == marks.needed(["bob", "talk"]) == 200
    assert marks.needed(["bob"]) == 0


def test_what_concerns_everybody_concerns_who_names_nothing(marks: Freshness) -> None:
    _commit(marks, EVERYBODY, lsn=200)
    assert marks.needed([]) == marks.needed(["bob"]) == 200


def test_during_the_commit_nobody_is_sure(marks: Freshness) -> None:
    marks.committing(["talk"])
    marks.committing(["talk"])
    marks.committed(["talk"], 200)
    assert marks.needed(["talk"]) == NOWHERE
    marks.committed(["talk"], 190)
    assert marks.needed(["talk"]) == 200


def test_what_the_replica_has_is_forgotten(marks: Freshness) -> None:
    _commit(marks, "ann", lsn=200)
    _commit(marks, "bob", lsn=300)
    assert marks.is_awaited
    marks.replayed(250, now=0.1)
    assert (marks.needed(["ann"]), marks.needed(["bob"])) == (0, 300)
    marks.replayed(300, now=0.2)
    assert not marks.is_awaited


def test_after_a_while_a_commit_concerns_everybody(marks: Freshness) -> None:
    _commit(marks, "ann", lsn=200)
    marks.replayed(100, now=1.0)
    assert marks.needed(["bob"]) == 0
    marks.replayed(100, now=1.0 + STALE_AFTER)
    assert marks.needed(["bob"]) == 200


def test_what_others_write_concerns_everybody_after_a_while(marks: Freshness) -> None:
    marks.observe(500, asked_at=1.0)
    marks.replayed(100, now=1.0)
    marks.replayed(100, now=1.0 + STALE_AFTER)
    assert marks.needed([]) == 500


def test_a_new_process_asks_the_primary_before_it_trusts_a_replica() -> None:
    marks = Freshness()
    assert marks.needed(["ann"]) == NOWHERE
    marks.observe(100, asked_at=1.0)
    assert marks.needed(["ann"]) == 100


def test_a_commit_of_unknown_outcome_is_doubted_until_the_primary_was_asked_again(
    marks: Freshness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 10.0)
    _commit(marks, "ann", lsn=None)
    assert marks.needed(["bob"]) == NOWHERE
    marks.observe(150, asked_at=9.9)  # an answer that was on its way already
    assert marks.needed(["bob"]) == NOWHERE
    marks.observe(200, asked_at=10.1)
    assert marks.needed(["bob"]) == 200


def test_the_marks_are_bounded(marks: Freshness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MARKS_MAX", 100)
    for number in range(1000):
        _commit(marks, f"person {number}", lsn=200 + number)
        assert len(marks._marks) <= 101
    assert all(marks.needed([f"person {number}"]) >= 200 + number for number in range(1000))
