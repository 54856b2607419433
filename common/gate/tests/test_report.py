"""The closing lines: the forecast is reckoned as it says."""

import pytest

from gate.parts import Part
from gate.report import Account, forecast, forecast_lines, minutes
from gate.trial import Verdict, in_any_system

ONE = ("/bin/true",)


def always(name: str) -> Part:
    return Part(name, name, ONE)


def changed(name: str, short: Part | None = None) -> Part:
    return Part(name, name, ONE, stands_on=("x",), short=short)


PARTS = [
    always("lint"),
    *(always(f"native-{number}") for number in (0, 1)),
    *(changed(f"docker-{number}", always(f"docker-{number}-short")) for number in (0, 1)),
    changed("step-1.1"),
    changed("lab"),
]
SECONDS = {
    "lint": 60.0,
    "native-0": 60.0,
    "native-1": 120.0,
    "step-1.1": 30.0,
    "lab": 180.0,
    "docker-0": 60.0,
    "docker-1": 120.0,
    "docker-0-short": 30.0,
    "docker-1-short": 60.0,
}


def test_parts_to_come_take_as_long_as_the_longest_of_their_kind() -> None:
    """Of lint 4, of native and docker 1 + 7 * 2, of steps 14 / 2."""
    found = forecast(PARTS, SECONDS, built=2, at_once=1.0)
    assert found.docker_changed == pytest.approx(4 + 15 + 15 + 7 + 3)
    assert found.unknown == ()


def test_what_is_in_no_image_leaves_docker_its_short_run_and_a_step_its_patch() -> None:
    """Of steps 2: those of the newest phase, whose patches are new."""
    found = forecast(PARTS, SECONDS, built=2, at_once=1.0)
    assert found.all_changed == pytest.approx(4 + 15 + 7.5 + 1 + 3)


def test_one_changed_phase_runs_its_own_whole_and_the_others_in_short() -> None:
    """Of docker 2 whole, and 0.5 + 6 * 1 in short; of steps 2."""
    found = forecast(PARTS, SECONDS, built=2, at_once=1.0)
    assert found.one_changed == pytest.approx(4 + 15 + 2 + 6.5 + 1)


def test_a_short_run_that_was_never_measured_counts_as_a_whole_one() -> None:
    seconds = {name: took for name, took in SECONDS.items() if not name.endswith("-short")}
    found = forecast(PARTS, seconds, built=2, at_once=1.0)
    assert found.one_changed == pytest.approx(4 + 15 + 2 + 13 + 1)


def test_parts_at_once_take_less() -> None:
    found = forecast(PARTS, SECONDS, built=2, at_once=2.0)
    assert found.docker_changed == pytest.approx((4 + 15 + 15 + 7 + 3) / 2)


def test_what_was_never_measured_is_named() -> None:
    seconds = {name: took for name, took in SECONDS.items() if name != "lab"}
    found = forecast(PARTS, seconds, built=2, at_once=1.0)
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


def test_what_running_parts_at_once_saves_is_said() -> None:
    account = Account(seconds={"native-0": 90.0, "native-1": 90.0}, wall=120.0)
    assert account.sum() == "3.0 minutes in 2.0 (1.5 at once)"
    assert Account().at_once == 1.0
