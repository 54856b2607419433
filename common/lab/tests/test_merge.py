"""compose.native.yaml over compose.yaml, with the rules of the Compose specification."""

import json
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from lab.compose.model import Condition, Mount, Port
from lab.compose.parse import load, load_native, read
from lab.docker import compose
from lab.errors import RefusedError

BASE = """\
services:
  app:
    build: .
    command: [run, --port, "80"]
    entrypoint: [tini]
    environment: {A: "1", B: "1"}
    ports: ["127.0.0.1:8000:80"]
    volumes: ["data:/data", "cache:/cache"]
    tmpfs: /run/x
    depends_on: [store, gone]
    healthcheck: {test: [CMD, probe, deep], interval: 2s}
    restart: always
    labels: [one=1]
  store: {image: "store:1", healthcheck: {test: ping}}
  gone: {image: "gone:1"}
volumes: {data: , cache: }
"""
OVER = """\
services:
  app:
    command: [run, --small]
    environment: [B=2, C=3]
    ports: ["127.0.0.1:9000:90"]
    volumes: ["./here:/cache"]
    tmpfs: [/run/y]
    depends_on:
      store: {condition: service_healthy}
      gone: !reset null
      extra: {condition: service_started}
    healthcheck: {test: [CMD, probe]}
    labels: {two: "2"}
  store: !override {image: "other:2", healthcheck: {test: pong}}
  gone: !reset null
  extra: {image: "extra:1"}
"""


@pytest.fixture
def phase(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    (tmp_path / "compose.yaml").write_text(BASE)
    (tmp_path / "compose.native.yaml").write_text(OVER)
    return tmp_path


def test_each_key_is_merged_as_compose_does(phase: Path) -> None:
    services = load_native(phase).services
    assert services.keys() == {"app", "store", "extra"}
    app = services["app"]
    assert app.command == ("tini", "run", "--small")
    assert app.environment == {"A": "1", "B": "2", "C": "3"}
    assert app.ports == (Port(80, 8000), Port(90, 9000))
    assert app.mounts == (
        Mount("/data", volume="data"),
        Mount("/cache", host=phase / "here"),
        Mount("/run/x"),
        Mount("/run/y"),
    )
    assert app.depends_on == {"store": Condition.HEALTHY, "extra": Condition.STARTED}
    assert app.healthcheck is not None
    assert (app.healthcheck.test, app.healthcheck.interval) == (("probe",), 2)
    assert services["store"].image == "other:2"
    assert services["store"].healthcheck is not None
    assert services["store"].healthcheck.test == ("pong",)


def test_only_the_native_engine_reads_it(phase: Path) -> None:
    assert load(phase).services.keys() == {"app", "store", "gone"}
    assert load(phase).services["app"].command == ("tini", "run", "--port", "80")


def test_docker_compose_itself_merges_them_to_the_same(phase: Path) -> None:
    try:
        program = compose.find().argv
    except RefusedError as error:
        pytest.skip(f"needs Docker Compose: {error}")
    files = ["--file", "compose.yaml", "--file", "compose.native.yaml"]
    words = [*program, "--project-name", "merged", *files, "config", "--format", "json"]
    done = subprocess.run(words, cwd=phase, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole = phase / "whole"
    whole.mkdir()
    (whole / "compose.yaml").write_text(_without_defaults(done.stdout))
    theirs, ours = load(whole).services, load_native(phase).services
    assert theirs.keys() == ours.keys()
    for name, service in ours.items():
        for key in ("command", "environment", "ports", "depends_on", "healthcheck", "restart"):
            assert getattr(theirs[name], key) == getattr(service, key), (name, key)
        assert {*theirs[name].mounts} == {*service.mounts}


def _without_defaults(config: str) -> str:
    """Return Compose's own reading without what it adds to each mount and port."""
    found = json.loads(config)
    del found["networks"]
    found["volumes"] = dict.fromkeys(found["volumes"])
    for service in found["services"].values():
        for item in (*service.get("ports", ()), *service.get("volumes", ())):
            for key in {"volume", "bind", "mode"} & item.keys():
                del item[key]
        for needed in service.get("depends_on", {}).values():
            del needed["required"]
    return json.dumps(found)


@pytest.mark.parametrize(
    ("over", "place"),
    [
        (
            "services:\n  app:\n    ports: ['9000:90']",
            "compose.native.yaml:3 services.app.ports[1]",
        ),
        ("services:\n  app:\n    restrt: no", "compose.native.yaml:3 services.app.restrt"),
        ("services:\n  store:\n    environment: [A]\n    colour: x", "compose.native.yaml:4"),
        ("services:\n  app:\n    environment: 3", "compose.native.yaml:3 services.app.environment"),
        ("services:\n  app:\n    volumes: {a: b}", "merged with what stands at compose.yaml:8"),
        ("services: {app: {depends_on: [ghost]}}", "there is no service 'ghost'"),
        ("services: {", "compose.native.yaml:1 is not valid YAML"),
        ("services: {app: {environment: ['X=${']}}", "compose.native.yaml:1"),
    ],
)
def test_a_refusal_names_the_file_that_has_it(phase: Path, over: str, place: str) -> None:
    (phase / "compose.native.yaml").write_text(over)
    with pytest.raises(RefusedError) as refused:
        load_native(phase)
    assert place in str(refused.value)


def test_a_refusal_of_what_lies_below_names_the_first_file(phase: Path) -> None:
    (phase / "compose.yaml").write_text(BASE.replace("restart: always", "restart: sometimes"))
    with pytest.raises(RefusedError, match=r"compose\.yaml:12 services\.app\.restart"):
        load_native(phase)


@pytest.mark.parametrize("over", ["", "# nothing\n", "services:\n", "services: {app: }\n"])
def test_an_empty_file_changes_nothing(phase: Path, over: str) -> None:
    (phase / "compose.native.yaml").write_text(over)
    assert load_native(phase).services == load(phase).services


def test_secrets_and_builds_are_merged_by_what_they_are(tmp_path: Path) -> None:
    for name, text in (
        ("a.yaml", "services: {x: {build: here, secrets: [k, {source: m, target: n}]}}"),
        ("b.yaml", "services: {x: {build: {target: y}, secrets: [{source: z, target: k}, o]}}"),
    ):
        (tmp_path / name).write_text(dedent(text))
    tree, _ = read([tmp_path / "a.yaml", tmp_path / "b.yaml"], {}, [])
    assert tree == yaml.safe_load(
        "services: {x: {build: {context: here, target: y}, "
        "secrets: [{source: z, target: k}, {source: m, target: n}, o]}}"
    )
    shutil.rmtree(tmp_path)
