"""What a person sees of twenty services that start: who is waited for, and what that one needs."""

import io
import os
import re
import time
from contextlib import redirect_stderr

import pytest

from lab.cli.progress import Progress, is_down
from lab.running import wait_until_ready
from lab.status import Health, InstanceStatus, ServiceStatus, Stage, State
from lab.tests.conftest import MakeSystem

_CLEARED = re.compile(r"\r(?:\x1b\[(?P<up>\d+)A)?\x1b\[J")


def status(*services: ServiceStatus) -> InstanceStatus:
    return InstanceStatus(Stage.STARTING, {one.service: one for one in services})


def waiting(name: str, note: str = "") -> ServiceStatus:
    return ServiceStatus(name, note=note)


def starting(name: str, **more: object) -> ServiceStatus:
    return ServiceStatus(
        name,
        State.RUNNING,
        **{"health": Health.STARTING, "started_at": time.time() - 3, **more},  # type: ignore[arg-type]
    )


class Terminal(io.StringIO):
    """Somebody looks."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal of 60 by 8."""
    size = os.terminal_size((60, 8))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: size)
    monkeypatch.setattr("lab.cli.progress._TICK", -1)
    return Terminal()


def screen(said: str) -> list[str]:
    """Return the lines that are there after all that was said."""
    lines: list[str] = []
    for cleared, text in zip(*[iter(_pieces(said))] * 2, strict=True):
        up = int(cleared or 0)
        lines = lines[: len(lines) - up] + text.splitlines()
    return lines


def _pieces(said: str) -> list[str]:
    assert _CLEARED.match(said)
    return [piece or "" for piece in _CLEARED.split(said)[1:]]


def test_a_line_for_each_service_that_is_waited_for(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        progress = Progress("Starting it")
        progress(status(starting("db"), waiting("job", "waiting for db"), waiting("app")))
        progress(
            status(
                starting("db", health=Health.HEALTHY),
                starting("job", health=None, once=True),
                waiting("app", "waiting for job"),
            )
        )
    first, *others = screen(terminal.getvalue())
    assert re.fullmatch(r"Starting it … \d+\.\d s, 1 of 3 up", first)
    assert others == ["  job  at work, 3 s", "  app  waiting for job"]
    with redirect_stderr(terminal):
        progress.clear()
    assert screen(terminal.getvalue()) == []


def test_it_fits_on_the_terminal(terminal: Terminal) -> None:
    others = ", ".join(f"service{number}" for number in range(20))
    many = [waiting(f"service{number}", f"waiting for {others}") for number in range(20)]
    with redirect_stderr(terminal):
        Progress("Starting it")(status(*many))
    lines = screen(terminal.getvalue())
    assert len(lines) == 7
    assert max(map(len, lines)) == 59
    assert lines[-1] == "  … and 15 more"


def test_a_stop_counts_what_is_down(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        progress = Progress("Stopping it", is_down)
        progress(status(ServiceStatus("a", State.STOPPED), ServiceStatus("b", State.STOPPING)))
    first, *others = screen(terminal.getvalue())
    assert first.endswith(", 1 of 2 down")
    assert others == ["  b  stopping"]


def test_elsewhere_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Starting it")
    for seen in (
        status(starting("db"), waiting("job"), waiting("app")),
        status(
            starting("db"), waiting("job", "waiting for db"), waiting("app", "waiting for 1, 2")
        ),
        status(starting("db"), waiting("job", "waiting for db"), waiting("app", "waiting for 2")),
        status(
            starting("db", health=Health.HEALTHY),
            starting("job", health=None, once=True),
            waiting("app", "waiting for 2"),
        ),
        status(
            starting("db", health=Health.UNHEALTHY, note="no answer"),
            ServiceStatus("job", State.EXITED, exit_code=0, once=True),
            starting("app"),
        ),
    ):
        progress(seen)
        progress(seen)
    assert capsys.readouterr().err.splitlines() == [
        "  db: starting",
        "  job: waiting for db",
        "  app: waiting for 1, 2",
        "  db: healthy",
        "  job: at work",
        "  db: unhealthy (no answer)",
        "  job: done (0)",
        "  app: starting",
    ]


def test_services_that_need_nothing_of_each_other_start_at_the_same_time(
    make_system: MakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each of the first two ends only once the other one has begun.
    meets = "touch {0}; until [ -e {1} ]; do sleep 0.05; done"
    job = "{{build: ., command: [sh, -c, '{0}']}}"
    system = make_system(
        "services:\n"
        f"  one: {job.format(meets.format('one.up', 'two.up'))}\n"
        f"  two: {job.format(meets.format('two.up', 'one.up'))}\n"
        "  last:\n    build: .\n    command: [sleep, '600']\n"
        "    healthcheck: {test: 'true', interval: 200ms}\n    depends_on:\n"
        "      one: {condition: service_completed_successfully}\n"
        "      two: {condition: service_completed_successfully}\n"
    )
    assert system.engine.start(system.instance)
    wait_until_ready(system.engine, system.instance, Progress("Starting it"))
    said = capsys.readouterr().err.splitlines()
    assert {"  one: done (0)", "  two: done (0)", "  last: healthy"} <= {*said}
