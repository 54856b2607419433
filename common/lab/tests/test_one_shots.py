"""Services that do their work and end: migrations, the declaration of a topology."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab import engines, phases
from lab.cli import ps, up
from lab.cli.progress import describe
from lab.engines import Choice
from lab.errors import LabError, RefusedError
from lab.native.planner import check
from lab.running import wait_until_ready
from lab.status import InstanceStatus, ServiceStatus, Stage, State
from lab.tests.conftest import SERVER, MakeSystem, System, wait_for
from lab.tests.test_ps import ask

WORK = "import pathlib, time\\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"
MIGRATED = f"""\
services:
  app:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000"}}
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
  migrate:
    build: .
    command: [python, -c, "{WORK}"]
    restart: "no"
"""
FAILING = MIGRATED.replace(WORK, "print('column x exists'); raise SystemExit(3)")


def started(system: System) -> InstanceStatus:
    assert system.engine.start(system.instance)
    return wait_for(lambda: system.engine.status(system.instance))


def test_a_system_is_ready_when_the_work_is_done_and_the_rest_is_healthy(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(MIGRATED)
    started(system)
    wait_for(lambda: system.service("migrate").lasted)  # it would count as up without the work
    assert system.status().stage is Stage.STARTING
    assert system.service("app").note == "waiting for migrate"
    (system.instance.phase.directory / "go").touch()
    status = wait_until_ready(system.engine, system.instance, lambda _: None)
    assert describe(status.services["migrate"]) == "done (0)"
    assert all(one.started for one in status.services.values())
    said = ask(monkeypatch, system.instance)
    assert said.return_value == 0
    found = json.loads(said.stdout)["instances"][0]
    job = next(one for one in found["services"] if one["service"] == "migrate")
    assert (found["well"], job["state"], job["exit_code"]) == (True, "exited", 0)


def test_the_table_says_that_the_work_is_done(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(MIGRATED)
    (system.instance.phase.directory / "go").touch()
    system.up()
    monkeypatch.setattr("lab.cli.ps.the_instance", lambda _: system.instance)
    shown = CliRunner().invoke(ps.command, ["x"], standalone_mode=False).stdout
    (row,) = [line.split() for line in shown.splitlines() if "migrate" in line]
    assert row[1:6] == ["done", "(0)", "-", "-", "0"]


def test_a_start_whose_work_fails_has_failed_with_its_last_words(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(FAILING)
    monkeypatch.setattr(phases, "find", lambda _: system.instance.phase)
    monkeypatch.setattr(up, "of_phase", lambda _: system.instance)
    monkeypatch.setattr(engines, "choose", lambda *_: Choice(system.engine, "test"))
    said = CliRunner().invoke(up.command, ["x"], standalone_mode=False)
    assert isinstance(said.exception, LabError)
    assert "did not start: migrate exited with code 3" in str(said.exception)
    assert said.stderr.index("migrate ended; its last lines:") < said.stderr.index("column x")
    assert not system.instance.is_running()
    assert system.log("app") == []
    last = system.engine.last_status(system.instance)
    assert last is not None
    assert (last.services["app"].state, last.services["app"].note) == (State.STOPPED, "")


def test_work_that_was_killed_is_not_done() -> None:
    job = ServiceStatus("job", State.EXITED, exits=1, exit_code=-9, once=True)
    assert not job.started
    assert describe(job) == "exited (-9)"


def test_work_is_tried_again_as_its_policy_says(make_system: MakeSystem, tmp_path: Path) -> None:
    twice = "import pathlib, sys\\np = pathlib.Path('first')\\nn = p.exists()"
    twice += "\\np.touch()\\nsys.exit(not n)"
    text = MIGRATED.replace(WORK, twice).replace('restart: "no"', "restart: on-failure:2")
    system = make_system(text)
    assert system.up().services["migrate"].exits == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MIGRATED.replace('"no"', "always"), "'migrate' never completes: restart: always"),
        (
            MIGRATED.replace("service_completed_successfully", "service_healthy"),
            "depends_on.migrate: the service 'migrate' has no healthcheck",
        ),
    ],
)
def test_waiting_for_what_cannot_come_is_refused(
    make_system: MakeSystem, text: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        check(make_system(text).instance)
