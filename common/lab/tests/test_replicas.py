"""Several processes of one service: names, health, restarts, logs, and what cannot be scaled."""

import pytest

from lab.cli.logs import command as logs_command
from lab.errors import LabError, RefusedError, UsageError
from lab.native.planner import check
from lab.running import wait_until_ready
from lab.scale import read_scale
from lab.status import State
from lab.tests.conftest import SERVER, MakeSystem, System, answer, wait_for
from lab.wish import Wish

POOL = f"""\
services:
  worker:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", SCRATCH: /run/own/x, SHARED: /data/x}}
    tmpfs: /run/own
    volumes: [data:/data]
    restart: always
    deploy: {{replicas: 2}}
  after:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000"}}
    depends_on: {{worker: {{condition: service_healthy}}}}
volumes: {{data: }}
"""
ASKS = POOL.replace('BIND: "0.0.0.0:8000"}', 'BIND: "0.0.0.0:8000", WORKER: "http://worker:8000"}')


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """Return two workers and a service that waits for both, up."""
    made = make_system(POOL)
    made.up()
    return made


def test_each_replica_has_its_own_address_and_scratch_and_shares_the_volume(system: System) -> None:
    one, two = (answer(system.url(name))["env"] for name in ("worker-1", "worker-2"))
    assert list(system.status().services) == ["worker-1", "worker-2", "after"]
    assert one["SHARED"] == two["SHARED"]
    for own in ("BIND", "SCRATCH", "TMPDIR"):
        assert one[own] != two[own]


def test_a_killed_replica_comes_back_and_the_others_do_not_notice(system: System) -> None:
    before = system.status().services
    system.kill("worker-2")
    wait_for(lambda: system.service("worker-2").exits == 1 and system.service("worker-2").settled)
    assert system.service("worker-2").address == before["worker-2"].address
    assert system.service("worker-1") == before["worker-1"]


def test_a_service_is_restarted_whole_or_one_replica_alone(system: System) -> None:
    def pids() -> list[int | None]:
        return [system.service(name).pid for name in ("worker-1", "worker-2")]

    first = pids()
    system.engine.restart_service(system.instance, "worker-1")
    wait_for(lambda: system.service("worker-1").settled)
    second = pids()
    assert (second[0] != first[0], second[1]) == (True, first[1])
    system.engine.restart_service(system.instance, "worker")
    wait_for(lambda: all(system.service(name).settled for name in ("worker-1", "worker-2")))
    assert not set(pids()) & set(second)
    system.engine.stop_service(system.instance, "worker")
    assert {system.service(f"worker-{one}").state for one in (1, 2)} == {State.STOPPED}


def test_a_dependent_waits_for_every_replica(make_system: MakeSystem) -> None:
    never = POOL.replace("SHARED: /data/x", 'SHARED: /data/x, DELAY: "600"')
    system = make_system(never)
    system.engine.start(system.instance)
    wait_for(lambda: system.engine.status(system.instance))
    wait_for(lambda: "worker" in system.service("after").note)
    assert system.service("after").state is State.WAITING


def test_scale_counts_more_than_the_file(make_system: MakeSystem) -> None:
    system = make_system(POOL)
    system.engine.start(system.instance, Wish({"worker": 3}))
    status = wait_until_ready(system.engine, system.instance, lambda _: None)
    assert [name for name in status.services if name != "after"] == [
        "worker-1",
        "worker-2",
        "worker-3",
    ]
    assert status.named("worker") == ["worker-1", "worker-2", "worker-3"]
    assert status.named("worker-2") == ["worker-2"]
    assert status.named("work") == []


def test_an_instance_that_is_killed_while_it_starts_ends(make_system: MakeSystem) -> None:
    system = make_system(POOL)
    system.engine.start(system.instance)
    wait_for(lambda: system.engine.status(system.instance))
    system.engine.request_stop(system.instance, kill=True)
    wait_for(lambda: not system.instance.is_running())


def test_one_command_runs_beside_the_first(system: System) -> None:
    words = ["python", "-c", "import os, sys; sys.exit(os.environ['TMPDIR'].count('worker-1'))"]
    assert system.engine.run(system.instance, "worker", words) == 1
    with pytest.raises(UsageError, match="no service 'ghost'"):
        system.engine.run(system.instance, "ghost", words)


def test_the_address_of_a_service_that_runs_several_times_is_refused(
    make_system: MakeSystem,
) -> None:
    system = make_system(ASKS)
    with pytest.raises(RefusedError, match="worker runs 2 times, so worker:8000 is no one addr"):
        system.engine.start(system.instance)
    assert not system.instance.is_running()
    check(system.instance, Wish({"worker": 1}))


@pytest.mark.parametrize("port", ["127.0.0.1:18000:8000", "127.0.0.1::8000"])
def test_what_publishes_a_port_runs_once(make_system: MakeSystem, port: str) -> None:
    text = POOL.replace("    restart: always\n", f'    restart: always\n    ports: ["{port}"]\n')
    system = make_system(text)
    with pytest.raises(RefusedError, match=r"worker cannot run 2 times: compose\.yaml publishes"):
        check(system.instance)
    topology = check(system.instance, Wish({"worker": 1}))
    with pytest.raises(RefusedError, match="worker cannot run 3 times") as refused:
        read_scale(["worker=3"], topology)
    assert refused.value.hint == "what can be scaled here: after"


def test_a_replica_may_not_have_the_name_of_another_service(make_system: MakeSystem) -> None:
    system = make_system(POOL.replace("after:", "worker-2:"))
    with pytest.raises(LabError, match="the name of the service worker-2"):
        check(system.instance)


def test_logs_take_the_service_for_all_its_replicas(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lab.cli.logs.the_instance", lambda _: system.instance)
    logs_command.main(["x", "worker"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "worker-1" in said
    assert "worker-2" in said
    assert "after" not in said
