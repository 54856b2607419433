"""The closing lines: the forecast is reckoned as it says."""

import pytest

from gate.parts import Part
from gate.report import Account, forecast, forecast_lines, minutes
from gate.trial import Verdict, in_any_system

ONE = ("/bin/true",)


def always(name: str, turn: str | None = None) -> Part:
    return Part(name, name, ONE, turn=turn)


def changed(name: str, turn: str | None = None) -> Part:
    return Part(name, name, ONE, stands_on=("x",), turn=turn)


PARTS = [
    always("lint"),
    *(always(f"native-{number}", f"native-{number}") for number in (0, 1)),
    *(changed(f"whole-{number}", f"docker-{number}") for number in (0, 1)),
    changed("lab"),
]
SECONDS = {"lint": 60.0, "native-0": 100.0, "native-1": 140.0, "whole-0": 60.0, "whole-1": 60.0}


def test_a_kind_of_part_takes_its_mean_times_the_number_there_will_be() -> None:
    """Of lint 4, of native 8, of whole 8 or 1, of steps, which count like native, 14 or 2."""
    found = forecast(PARTS, {**SECONDS, "lab": 180.0}, built=2, at_once=1.0)
    assert found.all_changed == pytest.approx(4 + 16 + 8 + 14 * 2 + 3)
    assert found.one_changed == pytest.approx(4 + 16 + 1 + 2 * 2)
    assert found.unknown == ()


def test_systems_at_once_take_less() -> None:
    found = forecast(PARTS, {**SECONDS, "lab": 180.0}, built=2, at_once=2.0)
    assert found.all_changed == pytest.approx(4 + (16 + 8 + 28) / 2 + 3)


def test_what_was_never_measured_is_named() -> None:
    found = forecast(PARTS, SECONDS, built=2, at_once=1.0)
    assert found.unknown == ("lab",)
    assert any("without lab: never measured" in line for line in forecast_lines(found, 2))


def test_every_part_is_listed_with_its_minutes_or_why_it_was_left_out() -> None:
    account = Account()
    account.verdicts = {
        always("lint"): Verdict(),
        always("native-0"): Verdict(passed=9, skipped=1, failed=("x",), unsteady=("y",)),
        always("docker-0"): Verdict(broken=("it hung",)),
    }
    account.seconds = {"lint": 90.0, "native-0": 6.0}
    account.left_out = {changed("lab"): "unchanged since abc"}
    _, *lines = minutes(account)
    assert [line.split(maxsplit=2) for line in lines] == [
        ["lint", "1.5", "ok"],
        ["native-0", "0.1", "9 passed, 1 failed, 1 unsteady, 1 skipped"],
        ["docker-0", "0.0", "it hung"],
        ["lab", "-", "unchanged since abc"],
    ]
    assert account.total() == "9 passed, 2 failed, 1 skipped"


def test_a_test_that_a_phase_has_from_the_one_before_is_the_same() -> None:
    names = ["phase0-mvp/tests/t.py::x", "phase1-foundation/tests/t.py::x"]
    names.append(".lab/steps/1.1/tests/t.py::x")
    assert len({in_any_system(name) for name in names}) == 1
    assert in_any_system("common/lab/t.py::x") == "common/lab/t.py::x"


def test_what_running_systems_at_once_saves_is_said() -> None:
    """What was skipped took no time, and second tries run alone."""
    account = Account(wall=120.0)
    names = ("native-0", "native-1", "docker-0")
    account.verdicts = {always(name, name): Verdict() for name in names}
    account.seconds = {"native-0": 190.0, "native-1": 90.0}
    account.first_tries = {"native-0": 90.0, "native-1": 90.0}
    assert account.systems() == "Tests of systems: 3.0 minutes of them in 2.0 (1.5 at once)"
    assert Account().at_once == 1.0
