"""Reading compose.yaml: every accepted form, and a refusal by name and line for the rest."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from lab.compose.model import Condition, HealthCheck, Mount, Port, RestartMode, Service, Topology
from lab.compose.parse import load
from lab.errors import RefusedError
from lab.phases import built


def write(directory: Path, text: str) -> Path:
    file = directory / "compose.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return file


def health(
    test: tuple[str, ...], *, shell: bool, times: tuple[float, float, int, float, float]
) -> HealthCheck:
    return HealthCheck(test, shell, *times)


def one_service(directory: Path, keys: str) -> Service:
    """Load a file with a single service that has these keys; the file must be valid Compose."""
    body = indent(dedent(keys), "    ")
    file = write(directory, "services:\n  app:\n    build: .\n" + body + "\nvolumes:\n  data:\n")
    if "command:" not in keys:
        file.write_text(file.read_text().replace("build: .\n", "build: .\n    command: run\n"))
    return load(directory).services["app"]


def test_every_phase_is_valid_by_the_specification_and_understood() -> None:
    files = [phase.directory / "compose.yaml" for phase in built()]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert all(isinstance(load(file.parent), Topology) for file in files)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("command: run --name 'two words'", ("run", "--name", "two words")),
        ('command: ["run", "--n", "3"]', ("run", "--n", "3")),
        ('entrypoint: ["sh"]\ncommand: ["-c", "x"]', ("sh", "-c", "x")),
        ("entrypoint: python -m x\ncommand: y", ("python", "-m", "x", "y")),
    ],
)
def test_commands(tmp_path: Path, keys: str, expected: tuple[str, ...]) -> None:
    assert one_service(tmp_path, keys).command == expected


@pytest.mark.parametrize(
    "keys",
    [
        "environment:\n  A: text\n  B: 3\n  C: true\n  D: no\n  E: 1.10\n  PASSED:\n  ABSENT:",
        "environment: [A=text, B=3, C=true, D=no, E=1.10, PASSED, ABSENT]",
    ],
)
def test_environment_in_both_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    monkeypatch.setenv("PASSED", "on")
    monkeypatch.delenv("ABSENT", raising=False)
    expected = {"A": "text", "B": "3", "C": "true", "D": "no", "E": "1.10", "PASSED": "on"}
    assert one_service(tmp_path, keys).environment == expected


def test_variables_come_from_the_environment_before_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("BOTH=file\nFILE=file\n")
    monkeypatch.setenv("BOTH", "shell")
    service = one_service(tmp_path, "environment: ['X=${BOTH} ${FILE} ${NEITHER:-none} $$']")
    assert service.environment == {"X": "shell file none $"}


def test_an_unset_variable_is_empty_with_a_warning_that_says_where(tmp_path: Path) -> None:
    write(tmp_path, "services:\n  a:\n    image: x\n    environment:\n      X: $NOT_SET_ANYWHERE\n")
    (warning,) = load(tmp_path).warnings
    assert "compose.yaml:5 services.a.environment.X" in warning
    assert "NOT_SET_ANYWHERE" in warning


def test_env_files_are_overridden_by_environment(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("A=1\nB=1\nC=1\n")
    (tmp_path / "two.env").write_text("B=2\nC=2\n")
    keys = """\
        env_file:
          - one.env
          - path: two.env
          - path: absent.env
            required: false
        environment: [C=3]
        """
    assert one_service(tmp_path, keys).environment == {"A": "1", "B": "2", "C": "3"}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('ports: ["127.0.0.1:8000:80"]', Port(80, 8000)),
        ('ports: ["127.0.0.1:${P:-8000}:80/tcp"]', Port(80, 8000)),
        ('ports: ["127.0.0.1::80"]', Port(80, None)),
        ('ports: ["127.0.0.1:9000-9009:80"]', Port(80, 9000, is_range=True)),
        ("ports: [{target: 80, published: 8000, host_ip: 127.0.0.1}]", Port(80, 8000)),
    ],
)
def test_ports(tmp_path: Path, keys: str, expected: Port) -> None:
    assert one_service(tmp_path, keys).ports == (expected,)


def test_mounts(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    keys = """\
        tmpfs: /run/x:size=1m
        volumes:
          - data:/data
          - ./here:/there:ro
          - {type: volume, source: data, target: /data2/}
          - {type: bind, source: here, target: /there2, read_only: true}
          - {type: tmpfs, target: /scratch}
        """
    assert one_service(tmp_path, keys).mounts == (
        Mount("/data", volume="data"),
        Mount("/there", host=tmp_path / "here"),
        Mount("/data2", volume="data"),
        Mount("/there2", host=tmp_path / "here"),
        Mount("/scratch"),
        Mount("/run/x"),
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            'healthcheck: {test: ["CMD", "a", "b"]}',
            health(("a", "b"), shell=False, times=(30, 30, 3, 0, 0.25)),
        ),
        (
            """healthcheck:
              {test: a | b, interval: 1m30s, timeout: 250ms, retries: 5,
               start_period: 1h, start_interval: 1.5s}""",
            health(("a | b",), shell=True, times=(90, 0.25, 5, 3600, 1.5)),
        ),
        (
            'healthcheck: {test: ["CMD-SHELL", "a"]}',
            health(("a",), shell=True, times=(30, 30, 3, 0, 0.25)),
        ),
        ('healthcheck: {test: ["NONE"]}', None),
        ("healthcheck: {disable: true}", None),
    ],
)
def test_health_checks(tmp_path: Path, keys: str, expected: HealthCheck | None) -> None:
    assert one_service(tmp_path, keys).healthcheck == expected


@pytest.mark.parametrize(
    ("keys", "mode", "retries"),
    [
        ("restart: no", RestartMode.NO, None),
        ('restart: "no"', RestartMode.NO, None),
        ("restart: always", RestartMode.ALWAYS, None),
        ("restart: on-failure:3", RestartMode.ON_FAILURE, 3),
        ("restart: unless-stopped", RestartMode.UNLESS_STOPPED, None),
    ],
)
def test_restart_policies(tmp_path: Path, keys: str, mode: RestartMode, retries: int) -> None:
    restart = one_service(tmp_path, keys).restart
    assert (restart.mode, restart.max_retries) == (mode, retries)


def test_services_stand_in_the_order_of_their_dependencies(tmp_path: Path) -> None:
    write(
        tmp_path,
        """\
        services:
          front: {image: x, depends_on: [back]}
          back:
            image: x
            depends_on:
              store: {condition: service_healthy}
              once: {condition: service_completed_successfully}
          store: {image: x, healthcheck: {test: "true"}}
          once: {image: x}
        """,
    )
    services = load(tmp_path).services
    assert list(services)[2:] == ["back", "front"]
    assert services["front"].depends_on == {"back": Condition.STARTED}
    assert services["back"].depends_on == {
        "store": Condition.HEALTHY,
        "once": Condition.COMPLETED,
    }


def test_anchors_and_extensions_are_ordinary_yaml(tmp_path: Path) -> None:
    write(
        tmp_path,
        """\
        x-base: &base
          image: x
          restart: always
        services:
          a:
            <<: *base
            x-note: ignored
            restart: on-failure
        """,
    )
    assert load(tmp_path).services["a"].restart.mode is RestartMode.ON_FAILURE


def test_what_only_containers_need_is_accepted(tmp_path: Path) -> None:
    keys = """\
        init: true
        read_only: true
        user: "10001"
        cap_drop: [ALL]
        security_opt: ["no-new-privileges:true"]
        mem_limit: 512m
        cpus: "1.5"
        logging: {driver: json-file}
        labels: {a: b}
        x-lab: {data: [python, -m, chat.cli], dead-letters: [python, -m, chat.dead_letters]}
        deploy: {resources: {limits: {memory: 512M}}}
        """
    assert one_service(tmp_path, keys).name == "app"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("networks: [a]", "services.app.networks.0.*'a' is not declared"),
        ("networks: {default: {aliases: [b]}}", "networks.default.aliases"),
        ("networks: []", "at least one network"),
        ("network_mode: host", "'network_mode'"),
        ("healthchek: {}", "did you mean 'healthcheck'"),
        ("x-lab: {rendr: [/a]}", "did you mean 'render'"),
        ("x-lab: {render: /a}", "services.app.x-lab.render.*expected a list"),
        ("x-lab: {data: {a: b}}", "services.app.x-lab.data.*expected text"),
        ("x-lab: {render: [/a]}", "/a is not the target of a bind mount"),
        ("deploy: {replicas: 0}", "services.app.deploy.replicas.*at least one"),
        ("deploy: {mode: global}", "services.app.deploy.mode"),
        ("build: {context: ., ssh: default}", "services.app.build.ssh"),
        ("healthcheck: {test: a, every: 3s}", "healthcheck.every"),
        ('healthcheck: {test: ["RUN", "a"]}', "healthcheck.test"),
        ("healthcheck: {test: a, interval: 3}", "no duration"),
        ("healthcheck: {test: a, retries: many}", "whole number"),
        ("depends_on: [ghost]", "no service 'ghost'"),
        ("depends_on: {app: {condition: service_ready}}", "service_ready"),
        ("restart: sometimes", "sometimes"),
        ("stop_signal: SIGNOPE", "SIGNOPE"),
        ("volumes: [ghost:/data]", "'ghost' is not declared"),
        ("volumes: [./ghost:/data]", "nothing at .*ghost"),
        ("volumes: [/data]", "SOURCE:TARGET"),
        ("volumes: ['data:/data:cached']", "cached"),
        ("volumes: ['data:data']", "absolute path"),
        ("volumes: [{type: npipe, source: a, target: /a}]", "npipe"),
        ("env_file: ghost.env", "no file .*ghost.env"),
        ("ports: ['8000:8000']", "loopback only"),
        ("ports: ['0.0.0.0:8000:8000']", "loopback only"),
        ("ports: ['127.0.0.1:8000:8000/udp']", "tcp only"),
        ("ports: ['127.0.0.1:x-8010:8000']", "whole number"),
        ("ports: ['127.0.0.1:8000:99999']", "no port number"),
        ("environment: ['A=${']", "invalid interpolation"),
        ("environment: ['A=${B_REQUIRED:?tell me}']", "tell me"),
        ("environment: {A: [1]}", "expected text"),
        ("command: 'it''s'", "cannot split"),
    ],
)
def test_refusals_name_the_place(tmp_path: Path, keys: str, words: str) -> None:
    body = indent(keys, "    ")
    build = "" if keys.startswith("build") else "    build: .\n"
    command = "" if keys.startswith("command") else "    command: run\n"
    write(tmp_path, f"services:\n  app:\n{build}{command}{body}\nvolumes: {{data: }}\n")
    with pytest.raises(RefusedError, match=words) as refused:
        load(tmp_path)
    assert "compose.yaml:" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: {a: {image: x}}\nnetworks: {n: {external: true}}", "networks.n.external"),
        ("services: {a: {image: x}}\nvolumes: {v: {external: true}}", "volumes.v.external"),
        ("services: {}", "no services"),
        ("services: {a: {restart: always}}", "either build or image"),
        ("services: {a: {build: .}}", "name its command"),
        ("services: {a: {build: ./ghost, command: x}}", "no directory .*ghost"),
        ("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}", "circle"),
        ("services: [a]", "expected a mapping"),
        ("services:\n  a: {image: x}\n  a: {image: y}", "compose.yaml:3 .*'a' stands twice"),
        ("services: {", "compose.yaml:1 is not valid YAML"),
    ],
)
def test_whole_files_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, text)
    with pytest.raises(RefusedError, match=words):
        load(tmp_path)


def test_a_directory_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="No such file"):
        load(tmp_path)
