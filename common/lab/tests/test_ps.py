"""What `lab ps` answers programs."""

import json

import pytest
from click.testing import CliRunner, Result

from lab import engines
from lab.cli import ps
from lab.instance import Instance
from lab.tests.conftest import MakeSystem, wait_for
from lab.tests.test_lifecycle import ONE, WELL, worker


def ask(monkeypatch: pytest.MonkeyPatch, *running: Instance) -> Result:
    """Return what `lab ps --json` says while these are all that runs."""
    monkeypatch.setattr(engines, "running", lambda: list(running))
    return CliRunner().invoke(ps.command, ["--json"], standalone_mode=False)


def test_programs_learn_what_runs_and_what_it_uses(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(ONE)
    status = system.up()
    said = ask(monkeypatch, system.instance)
    assert said.return_value == 0
    (found,) = json.loads(said.stdout)["instances"]
    (service,) = found.pop("services")
    assert found == {
        "name": "state-0",
        "engine": "native",
        "stage": "ready",
        "well": True,
        "address": status.address,
    }
    for key in ("memory", "cpu_percent", "cpu_seconds", "started_at"):
        assert service.pop(key) >= 0
    assert service == {
        "service": "app",
        "state": "running",
        "health": "healthy",
        "pid": status.services["app"].pid,
        "exits": 0,
        "exit_code": None,
        "address": status.services["app"].address,
        "note": "",
    }


def test_what_a_service_that_ended_uses_is_not_known(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A second service keeps the instance running, so that there is something to tell.
    other = f"  other:\n    build: .\n    command: sleep 60\n{WELL}"
    system = make_system(worker("pass") + other)
    system.up()
    wait_for(lambda: system.service("app").exit_code == 0)
    services = json.loads(ask(monkeypatch, system.instance).stdout)["instances"][0]["services"]
    (ended,) = [one for one in services if one["service"] == "app"]
    assert (ended["state"], ended["exit_code"], ended["memory"]) == ("exited", 0, None)


def test_nothing_that_runs_is_an_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ask(monkeypatch)
    assert (said.return_value, json.loads(said.stdout)) == (3, {"instances": []})
