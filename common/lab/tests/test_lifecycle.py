"""A topology as processes: start, health, order, restarts, stop."""

import time
from pathlib import Path

import pytest

from lab.errors import LabError, RefusedError
from lab.status import Health, Stage, State
from lab.tests.conftest import SERVER, MakeSystem, answer, wait_for

ONE = f"""\
services:
  app:
{SERVER}
    environment:
      BIND: 0.0.0.0:8000
      DATA: /data/file
    ports: ["127.0.0.1:${{CHAT_PORT:-8000}}:8000"]
    volumes: [data:/data]
    restart: unless-stopped
volumes:
  data:
"""

WELL = "    healthcheck: {test: 'true'}\n"  # without one it counts as up after a second only


def worker(command: str, rest: str = "") -> str:
    return f"services:\n  app:\n    build: .\n    command: [python, -c, {command!r}]\n{rest}"


def test_a_service_answers_on_the_port_it_prefers(make_system: MakeSystem) -> None:
    system = make_system(ONE)
    status = system.up()
    assert status.address == f"http://127.0.0.1:{system.instance.phase.port}"
    assert answer(status.address)["pid"] == status.services["app"].pid
    assert status.services["app"].health is Health.HEALTHY


def test_a_service_sees_its_own_environment_and_not_the_callers(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    system = make_system(ONE)
    seen = answer(system.up().address or "")
    assert "SECRET_OF_THE_CALLER" not in seen["env"]
    assert seen["env"]["DATA"] == str(system.instance.volumes / "data" / "file")
    assert seen["env"]["PYTHONUNBUFFERED"] == "1"
    assert seen["env"]["PATH"].split(":")[0].endswith(".venv/bin")
    assert Path(seen["env"]["TMPDIR"]).is_relative_to(system.instance.directory)
    assert seen["cwd"] == str(system.instance.phase.directory)


def test_a_killed_service_comes_back_on_the_same_address(make_system: MakeSystem) -> None:
    system = make_system(ONE)
    first = system.up().services["app"]
    system.kill("app")
    wait_for(lambda: system.service("app").exits == 1 and system.service("app").settled)
    second = system.service("app")
    assert (second.pid != first.pid, second.address) == (True, first.address)
    assert answer(system.url("app"))["pid"] == second.pid
    assert any("killed by SIGKILL; starting again" in line for line in system.log("app"))


def test_data_outlives_a_stop_and_throw_away_directories_do_not(make_system: MakeSystem) -> None:
    code = (
        "import os, pathlib; kept, gone = (pathlib.Path(os.environ[k]) for k in ('KEPT', 'GONE'));"
        "print(kept.exists(), gone.exists()); kept.touch(); gone.touch()"
    )
    rest = "    environment: {KEPT: /data/x, GONE: /run/app/x}\n"
    rest += "    volumes: [data:/data]\n    tmpfs: /run/app\nvolumes: {data: }\n"
    system = make_system(worker(code, rest))
    said = []
    for _ in range(2):
        system.up()
        wait_for(lambda: not system.instance.is_running())
        said.append(system.log("app")[0])
    assert said == ["False False", "True False"]


def test_on_failure_gives_up_after_its_retries(make_system: MakeSystem) -> None:
    system = make_system(worker("raise SystemExit(3)", "    restart: on-failure:1\n"))
    with pytest.raises(LabError, match="app exited with code 3 2 times"):
        system.up()
    assert system.log("app").count("-- exited with code 3") == 1


def test_without_a_policy_a_failure_is_final_and_told(make_system: MakeSystem) -> None:
    system = make_system(worker("print('why'); raise SystemExit(3)"))
    with pytest.raises(LabError, match="fixture did not start: app exited with code 3"):
        system.up()
    assert "why" in system.log("app")
    assert not system.instance.is_running()


def test_a_service_that_cannot_stay_up_is_given_up(make_system: MakeSystem) -> None:
    system = make_system(worker("pass", "    restart: always\n"))
    with pytest.raises(LabError, match="app exited with code 0 3 times"):
        system.up()


def test_a_program_that_is_not_there_is_named(make_system: MakeSystem) -> None:
    system = make_system("services: {app: {build: ., command: no-such-program}}")
    with pytest.raises(LabError, match="exited with code 127"):
        system.up()
    assert "-- cannot start no-such-program: No such file or directory" in system.log("app")


def test_a_dependent_starts_when_what_it_needs_is_healthy(make_system: MakeSystem) -> None:
    system = make_system(
        f"""\
services:
  front:
    build: .
    command: [python, -c, "import os, socket; h, p = os.environ['BACK'].split(':');\
 socket.create_connection((h, int(p)))"]
    environment: {{BACK: "back:8000"}}
    depends_on: {{back: {{condition: service_healthy}}}}
  back:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", DELAY: "0.4"}}
"""
    )
    status = system.up()
    assert status.services["front"].exit_code == 0


def test_a_dependent_starts_when_a_job_has_succeeded(make_system: MakeSystem) -> None:
    write = "import time, pathlib; time.sleep(0.3); pathlib.Path('done').write_text('')"
    read = "import pathlib; pathlib.Path('done').unlink()"
    system = make_system(
        f"""\
        services:
          app:
            build: .
            command: [python, -c, "{read}"]
            depends_on: {{job: {{condition: service_completed_successfully}}}}
          job: {{build: ., command: [python, -c, "{write}"]}}
        """
    )
    assert system.up().services["app"].exit_code == 0


def test_a_failed_job_keeps_its_dependents_from_starting(make_system: MakeSystem) -> None:
    system = make_system(
        """\
        services:
          app:
            build: .
            command: [python, -c, "print('started')"]
            depends_on: {job: {condition: service_completed_successfully}}
          job: {build: ., command: [python, -c, "raise SystemExit(1)"]}
        """
    )
    with pytest.raises(LabError, match="job exited with code 1"):
        system.up()
    assert system.log("app") == []


def test_an_unhealthy_service_fails_the_start_with_the_checks_words(
    make_system: MakeSystem,
) -> None:
    check = '["CMD-SHELL", "echo broken inside; exit 1"]'
    rest = f"    healthcheck: {{test: {check}, interval: 50ms, retries: 2}}\n"
    system = make_system(worker("import time; time.sleep(60)", rest))
    with pytest.raises(LabError, match="app is unhealthy: broken inside"):
        system.up()
    assert "-- unhealthy: broken inside" in system.log("app")


def test_a_check_that_hangs_counts_as_failed(make_system: MakeSystem) -> None:
    rest = "    healthcheck: {test: sleep 60, interval: 50ms, timeout: 100ms, retries: 1}\n"
    system = make_system(worker("import time; time.sleep(60)", rest))
    with pytest.raises(LabError, match=r"no answer within 0\.1 s"):
        system.up()


def test_failures_in_the_start_period_do_not_count(make_system: MakeSystem) -> None:
    system = make_system(
        f"services:\n  app:\n{SERVER.replace('interval: 200ms', 'retries: 1')}"
        '    environment: {BIND: "0.0.0.0:8000", DELAY: "0.5"}\n'
    )
    assert system.up().services["app"].health is Health.HEALTHY
    assert not any("unhealthy" in line for line in system.log("app"))


@pytest.mark.parametrize(("key", "expected"), [("", "SIGTERM"), ("stop_signal: INT", "SIGINT")])
def test_stop_sends_the_stop_signal_and_waits(
    make_system: MakeSystem, key: str, expected: str
) -> None:
    system = make_system(
        f"services:\n  app:\n{SERVER}    {key}\n    volumes: [data:/data]\n"
        '    environment: {BIND: "0.0.0.0:8000", FAREWELL: /data/bye}\nvolumes: {data: }\n'
    )
    system.up()
    system.down()
    assert (system.instance.volumes / "data" / "bye").read_text() == expected
    assert system.processes() == []


def test_the_signal_goes_to_the_main_process_only_and_its_helpers_end_with_it(
    make_system: MakeSystem,
) -> None:
    system = make_system(
        f"services:\n  app:\n{SERVER}    volumes: [data:/data]\n"
        '    environment: {BIND: "0.0.0.0:8000", HELPER: /data/got}\nvolumes: {data: }\n'
    )
    system.up()
    wait_for((system.instance.volumes / "data" / "got.ready").exists)
    system.down()
    assert not (system.instance.volumes / "data" / "got").exists()
    assert system.processes() == []


def test_last_words_are_in_the_log(make_system: MakeSystem) -> None:
    farewell = (
        "import signal, sys, time\n"
        "def bye(*_):\n"
        "    print('last words ' * 5000)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, bye)\n"
        "time.sleep(60)"
    )
    system = make_system(worker(farewell, WELL))
    system.up()
    system.down()
    assert system.log("app")[0].count("last words") == 5000


def test_after_the_grace_period_the_whole_group_is_killed(make_system: MakeSystem) -> None:
    stubborn = SERVER.replace("stop_grace_period: 5s", "stop_grace_period: 300ms")
    system = make_system(
        f"services:\n  app:\n{stubborn}"
        '    environment: {BIND: "0.0.0.0:8000", STUBBORN: "1", HELPER: helper}\n'
    )
    system.up()
    began = time.monotonic()
    system.down()
    assert 0.3 <= time.monotonic() - began < 4
    assert "-- did not stop within 0.3 s; killed" in system.log("app")
    assert system.processes() == []


def test_a_process_that_hid_in_a_session_of_its_own_ends_with_the_instance(
    make_system: MakeSystem,
) -> None:
    system = make_system(
        f'services:\n  app:\n{SERVER}    environment: {{BIND: "0.0.0.0:8000", CHILD: stubborn}}\n'
    )
    system.up()
    began = time.monotonic()
    system.down()
    assert system.processes() == []
    assert time.monotonic() - began < 4


def test_dependents_stop_before_what_they_depend_on(make_system: MakeSystem) -> None:
    system = make_system(
        f"""\
services:
  front:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", FAREWELL: /data/front}}
    volumes: [data:/data]
    depends_on: [back]
  back:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", FAREWELL: /data/back}}
    volumes: [data:/data]
volumes: {{data: }}
"""
    )
    system.up()
    system.down()
    front, back = (system.instance.volumes / "data" / name for name in ("front", "back"))
    assert front.stat().st_mtime_ns < back.stat().st_mtime_ns


def test_one_service_can_be_restarted_and_stopped_alone(make_system: MakeSystem) -> None:
    other = ONE.replace("  app:", "  other:").replace(
        '    ports: ["127', '    expose: ["8000"] # ['
    )
    system = make_system(ONE.replace("volumes:\n  data:\n", "") + other.replace("services:\n", ""))
    first = system.up().services
    system.engine.restart_service(system.instance, "app")
    wait_for(lambda: system.service("app").settled)
    assert system.service("app").pid != first["app"].pid
    system.engine.stop_service(system.instance, "app")
    assert system.service("app").state is State.STOPPED
    assert system.service("other").pid == first["other"].pid
    assert system.status().stage is Stage.READY
    with pytest.raises(LabError, match="ghost"):
        system.engine.stop_service(system.instance, "ghost")


def test_the_instance_ends_when_all_its_services_have(make_system: MakeSystem) -> None:
    system = make_system(worker("pass"))
    system.up()
    wait_for(lambda: not system.instance.is_running())
    last = system.engine.last_status(system.instance)
    assert last is not None
    assert last.stage is Stage.STOPPED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: {db: {image: 'mariadb:11'}}", "'db' needs the image mariadb:11"),
        (
            "services: {app: {build: ., command: x, environment: {R: 'redis://app/0'}}}",
            "R names 'app' without a port",
        ),
        (
            "services: {app: {build: ., command: x -p 80, ports: ['127.0.0.1:8000:80']}}",
            "publishes port 80, but neither",
        ),
        ("services: {app: {build: ., command: x, working_dir: /srv}}", "working_dir /srv"),
    ],
)
def test_what_cannot_run_natively_is_refused_before_anything_starts(
    make_system: MakeSystem, text: str, words: str
) -> None:
    system = make_system(text)
    with pytest.raises(RefusedError, match=words):
        system.engine.check(system.instance)
    assert not system.instance.directory.exists()
