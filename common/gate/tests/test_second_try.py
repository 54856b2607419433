"""A test that fails is tried once more on a fresh system; nothing else is forgiven."""

import json
import os
import sys
from pathlib import Path

import pytest

from gate.parts import Part
from gate.record import Record
from gate.tests.conftest import LIGHT, ONCE, MakePart, Run
from gate.trial import MOST_TRIED_AGAIN, MOST_UNSTEADY
from lab.tests.conftest import MakeSystem
from lab.tests.test_lifecycle import ONE
from lab.tests.test_testing import WITHOUT_CONTRACT

FINE = "def test_fine(): pass\n"


def many(count: int) -> str:
    return "".join(ONCE.format(name=f"unlucky_{number}") for number in range(count))


def test_what_passes_in_the_second_try_is_let_through_and_named(
    make_part: MakePart, run: Run
) -> None:
    outcome = run([make_part(ONCE.format(name="unlucky") + FINE)])
    assert outcome.code == 0
    assert outcome.last == "2 passed, 0 failed, 0 skipped"
    assert "UNSTEADY: failed, then passed on a fresh system: 1" in outcome.said
    written = json.loads((outcome.place / "unsteady.json").read_text())
    assert written == [{"part": "fixture", "test": "test_fixture.py::test_unlucky"}]


def test_only_what_failed_is_tried_again(make_part: MakePart, run: Run) -> None:
    outcome = run([make_part(ONCE.format(name="unlucky") + FINE)])
    assert outcome.results("fixture-again").passed == ("test_fixture.py::test_unlucky",)


def test_a_test_whose_name_is_hard_to_quote_is_found_again(make_part: MakePart, run: Run) -> None:
    words = ["after=100& [x]::y' \\ \u00fc", "other"]
    test = ONCE.format(name="unlucky").partition("def test_unlucky()")
    mark = f"import pytest\n@pytest.mark.parametrize('word', {words})\ndef test_unlucky(word)"
    text = f"{test[0]}{mark}{test[2]}"
    outcome = run([make_part(text)])
    assert (outcome.code, outcome.last) == (0, "2 passed, 0 failed, 0 skipped")


def test_tests_of_one_name_are_counted_each_and_fail_together(
    make_part: MakePart, run: Run
) -> None:
    """As schemathesis makes them. Once another one fails than before, the name has failed twice."""
    text = """\
import pathlib
def test_one():
    seen = pathlib.Path(__file__).with_suffix(".seen")
    with seen.open("a") as file:
        file.write("x")
    assert len(seen.read_text()) not in (1, 5)
"""
    thrice = """\
import pytest
def pytest_pycollect_makeitem(collector, name, obj):
    if name == "test_one":
        return [pytest.Function.from_parent(collector, name=name, callobj=obj) for _ in range(3)]
"""
    part = make_part(text)
    (Path(part.first[-1]).parent / "conftest.py").write_text(thrice)
    outcome = run([part])
    assert (outcome.code, outcome.last) == (1, "2 passed, 1 failed, 0 skipped")


def test_a_second_failure_is_a_failure(make_part: MakePart, run: Run) -> None:
    outcome = run([make_part("def test_wrong(): assert False\n" + FINE)])
    assert outcome.code != 0
    assert outcome.last == "1 passed, 1 failed, 0 skipped"
    assert f"FAILED: fixture; its log: {outcome.place / 'fixture.log'}" in outcome.said
    assert "UNSTEADY" not in outcome.said


def test_what_is_skipped_in_the_second_try_has_failed(make_part: MakePart, run: Run) -> None:
    text = ONCE.format(name="unlucky").replace("    if not", "    import pytest\n    if not", 1)
    outcome = run([make_part(text + "    else: pytest.skip('not now')\n")])
    assert (outcome.code, outcome.last) == (1, "0 passed, 1 failed, 0 skipped")


SHARED = """\
import pytest
@pytest.fixture(scope="{scope}")
def system():
    {body}
def test_it(system): pass
"""
UNFORGIVEN = {
    "collection": "import nowhere_to_be_found",
    "session fixture": SHARED.format(scope="session", body="raise OSError"),
    "end of a fixture": SHARED.format(scope="module", body="yield; raise OSError"),
    "exit": "import pytest\ndef test_it(): pytest.exit('no browser', 1)",
    "crash": "import os\ndef test_it(): os._exit(1)",
    "no tests": "",
}


@pytest.mark.parametrize("text", UNFORGIVEN.values(), ids=UNFORGIVEN)
def test_what_is_no_failing_test_gets_no_second_try(
    make_part: MakePart, run: Run, text: str
) -> None:
    """Not even a test that merely failed beside it."""
    outcome = run([make_part(ONCE.format(name="unlucky") + text if text else text)])
    assert outcome.code != 0
    assert not (outcome.place / "fixture-again.log").exists()
    assert "0 failed" not in outcome.last


def test_a_fixture_of_one_test_fails_as_the_test_does(make_part: MakePart, run: Run) -> None:
    text = ONCE.format(name="luck").replace("def test_", "import pytest\n@pytest.fixture\ndef ")
    outcome = run([make_part(text + "def test_fine(luck): pass")])
    assert (outcome.code, outcome.last) == (0, "1 passed, 0 failed, 0 skipped")
    assert "test_fine" in (outcome.place / "unsteady.json").read_text()


def test_a_command_that_fails_fails_the_run(run: Run) -> None:
    part = Part("lint", "fails", (sys.executable, "-c", "raise SystemExit(3)"))
    outcome = run([part])
    assert (outcome.code, outcome.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "ended with exit code 3" in outcome.said


def test_too_many_unsteady_tests_fail_the_run(make_part: MakePart, run: Run) -> None:
    outcome = run([make_part(many(MOST_UNSTEADY))])
    assert outcome.code == 0
    outcome = run([make_part(many(MOST_UNSTEADY + 1), "more")])
    assert outcome.code != 0
    assert f"FAILED: {MOST_UNSTEADY + 1} tests were unsteady" in outcome.said
    assert outcome.last == f"{MOST_UNSTEADY + 1} passed, 1 failed, 0 skipped"


def test_very_many_failures_are_no_bad_luck(make_part: MakePart, run: Run) -> None:
    outcome = run([make_part(many(MOST_TRIED_AGAIN + 1))])
    assert outcome.last == f"0 passed, {MOST_TRIED_AGAIN + 1} failed, 0 skipped"
    assert not (outcome.place / "fixture-again.log").exists()


def test_the_same_test_again_fails_the_run(make_part: MakePart, run: Run) -> None:
    record = Record(unsteady=["test_fixture.py::test_unlucky"])
    outcome = run([make_part(ONCE.format(name="unlucky"))], record)
    assert outcome.code != 0
    assert "NOT FOR THE FIRST TIME" in outcome.said


@pytest.mark.parametrize("at_once", [1, 2])
def test_systems_at_once_get_their_second_try_when_all_have_ended(
    make_part: MakePart, run: Run, at_once: int
) -> None:
    unlucky = [make_part(ONCE.format(name=name), name, turn=name) for name in ("one", "two")]
    outcome = run([*unlucky, make_part(FINE, "last", turn="last")], at_once=at_once)
    assert (outcome.code, outcome.last) == (0, "3 passed, 0 failed, 0 skipped")
    assert outcome.said.index("== one-again") > outcome.said.index("== last:")


def test_the_second_try_meets_a_fresh_system(make_system: MakeSystem, run: Run) -> None:
    """The test fails where it finds a system that it has seen, or one with data."""
    phase = make_system(ONE, name=f"gate-fresh-{os.getpid()}").instance.phase
    (phase.directory / "tests").mkdir()
    (phase.directory / "tests" / "test_it.py").write_text(
        "import pathlib, sys\n"
        "from lab.instance import directories, load\n"
        "def test_it():\n"
        "    here = pathlib.Path(__file__).parent\n"
        f"    [one] = [d for d in directories() if d.name.startswith('test-{phase.name}-')]\n"
        "    assert load(one).is_running()\n"
        "    data = one / 'volumes' / 'data'\n"
        "    data.mkdir(parents=True, exist_ok=True)\n"
        "    assert not (data / 'used').exists()\n"
        "    (data / 'used').touch()\n"
        "    with (here / 'systems').open('a') as seen:\n"
        "        seen.write(one.name + '\\n')\n"
        "    systems = (here / 'systems').read_text().split()\n"
        "    assert len(set(systems)) == 2\n"
    )
    words = ("test", "--native", str(phase.directory), "--", *LIGHT, "-p", "gate.plugin")
    command = (sys.executable, "-c", WITHOUT_CONTRACT, *words)
    outcome = run([Part("fixture", "a system of one service", command, command)])
    assert (outcome.code, outcome.last) == (0, "1 passed, 0 failed, 0 skipped")
    assert "UNSTEADY" in outcome.said
    assert (outcome.place / "fixture-system" / "app.log").is_file()


def test_a_system_that_does_not_come_up_gets_no_second_try(
    make_system: MakeSystem, run: Run
) -> None:
    broken = ONE.replace("python, server.py", "python, nowhere.py")
    phase = make_system(broken, name=f"gate-broken-{os.getpid()}").instance.phase
    (phase.directory / "tests").mkdir()
    (phase.directory / "tests" / "test_it.py").write_text(FINE)
    words = ("test", "--native", str(phase.directory), "--", *LIGHT, "-p", "gate.plugin")
    command = (sys.executable, "-c", WITHOUT_CONTRACT, *words)
    outcome = run([Part("fixture", "a system that dies", command, command)])
    assert outcome.code != 0
    assert "no test came to run" in outcome.said
    assert not Path(outcome.place / "fixture-again.log").exists()
