"""A pytest plugin (`-p gate.plugin`): runs a choice of tests, writes down what became of each."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from gate.results import Results
from lab.testing.targets import CONTRACT

ENDS = (  # that the exit code of the whole command tells well enough
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
SHORT = "short"  # the marker that common/contract/tests/conftest.py explains


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the gate says to pytest."""
    group = parser.getgroup("gate")
    group.addoption("--gate-results", type=Path, help="write here what became of each test")
    group.addoption("--gate-only", type=Path, help="run the node ids in this JSON file alone")
    group.addoption(
        "--gate-short", action="store_true", help="of the contract, run what is marked `short`"
    )
    group.addoption(
        "--gate-own", metavar="FILES", help="beside the contract, run only these, by commas"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch, if somebody wants to know."""
    # The contract's tests have it; services' own tests, in runs of their own, are asked for it too.
    config.addinivalue_line("markers", "offline: needs no system, only the documents")
    file = config.getoption("--gate-results")
    if file is not None:
        config.pluginmanager.register(Watch(file))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read files in which nothing is asked for: some take seconds."""
    short, own = config.getoption("--gate-short"), config.getoption("--gate-own")
    if not collection_path.match("test_*.py"):
        return None
    if CONTRACT in collection_path.parents:
        return (short and f".{SHORT}" not in collection_path.read_text(encoding="utf-8")) or None
    return (own is not None and not _is_named(collection_path, own, config.rootpath)) or None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for."""
    only: Path | None = config.getoption("--gate-only")
    ids = None if only is None else set(json.loads(only.read_text(encoding="utf-8")))
    short = config.getoption("--gate-short")

    def is_wanted(item: pytest.Item) -> bool:
        if ids is not None and item.nodeid not in ids:
            return False
        return not short or CONTRACT not in item.path.parents or SHORT in item.keywords

    dropped = [item for item in items if not is_wanted(item)]
    items[:] = [item for item in items if is_wanted(item)]
    config.hook.pytest_deselected(items=dropped)


def _is_named(file: Path, names: str, root: Path) -> bool:
    return str(file.relative_to(root)) in names.split(",")


class Watch:
    """Notes the end of each test, and what is no test's own failure."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ends: list[tuple[str, str]] = []  # node id and end of each test
        self._end = "passed"  # of the test that runs
        self._broken: list[str] = []
        self._shared: str | None = None  # a fixture of several tests that this stage has to do with

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: "pytest.FixtureDef[object]"
    ) -> Generator[None, object, object]:
        """Note which shared fixture did not come about."""
        try:
            return (yield)
        except BaseException:
            self._note_shared(fixturedef)
            raise

    def pytest_fixture_post_finalizer(self, fixturedef: "pytest.FixtureDef[object]") -> None:
        """Note that a shared fixture was ended: an error now may be its own."""
        self._note_shared(fixturedef)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin a stage."""
        self._shared = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Begin a stage."""
        self._shared = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a stage of a test ended."""
        if report.when == "setup":
            self._end = "passed"
        if report.failed:
            self._end = "failed"
            if report.when != "call" and self._shared is not None:
                self._broken.append(f"fixture {self._shared} failed: {report.nodeid}")
        elif report.skipped and self._end == "passed":
            self._end = "skipped"
        if report.when == "teardown":
            self._ends.append((report.nodeid, self._end))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot even be read."""
        if report.failed:
            self._broken.append(f"could not be collected: {report.nodeid}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note Ctrl-C and pytest.exit()."""
        self._broken.append(f"stopped: {excinfo.value!r}")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Note what pytest itself did not stand."""
        self._broken.append(f"pytest broke: {str(excrepr).splitlines()[-1]}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write all of it down, beside what an earlier run of the same command has found."""
        before = Results.read(self._file) or Results()
        if exitstatus not in ENDS:
            self._broken.append(f"pytest ended with {exitstatus!s}")

        def ended(how: str) -> tuple[str, ...]:
            return tuple(test for test, end in self._ends if end == how)

        results = Results(ended("passed"), ended("skipped"), ended("failed"), tuple(self._broken))
        before.and_then(results).write(self._file)

    def _note_shared(self, fixturedef: "pytest.FixtureDef[object]") -> None:
        if fixturedef.scope != "function":
            self._shared = fixturedef.argname
