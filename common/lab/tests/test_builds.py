"""Several services from one build, several ports of one service, and services without a port."""

from pathlib import Path

import pytest

from lab.compose.parse import load
from lab.errors import RefusedError
from lab.native.planner import check
from lab.native.ports import PortChooser
from lab.status import Health
from lab.tests.conftest import SERVER, MakeSystem, answer, wait_for

HEALTH = SERVER[SERVER.index("    healthcheck:") :]
# Two services as a phase of several has them: one source tree, one Dockerfile for both, each in
# a directory of its own, with a package that all of them share.
TREE = f"""\
x-image: &image
  build:
    context: ..
    dockerfile: fixture/Dockerfile
    target: run
    x-lab:
      copies: {{/srv/app: fixture, /srv/shared: shared}}
  image: fixture:local
  working_dir: /srv/app/services
services:
  auth:
    <<: *image
    command: [python, ../server.py]
    environment: {{BIND: "0.0.0.0:8000", PYTHONPATH: "/srv/shared:/srv/app", FILE: /srv/shared/x}}
{HEALTH.replace("probe.py", "../probe.py")}
  jobs:
    image: fixture:local
    command: [python, -c, "import common_part; print(common_part.WHERE)"]
    environment: {{PYTHONPATH: /srv/shared}}
    working_dir: /srv/shared
"""
PORTS = """\
services:
  front:
    build: .
    command: [python, two.py]
    environment: {WEB: "0.0.0.0:8000", ADMIN: "0.0.0.0:9000", OPEN: "0.0.0.0:7000"}
    ports: ["127.0.0.1:${CHAT_PORT:-8000}:8000", "127.0.0.1::9000"]
    expose: ["7000/tcp"]
    healthcheck: {test: [CMD, python, probe.py, "127.0.0.1:7000"], interval: 200ms}
  asks:
    build: .
    command: [python, ask.py, "front:8000", "front:9000", "front:7000"]
    depends_on: {front: {condition: service_healthy}}
"""
TWO = """\
import os, socket, threading
for name in ("WEB", "ADMIN", "OPEN"):
    host, _, port = os.environ[name].rpartition(":")
    def serve(listener=socket.create_server((host, int(port))), name=name):
        while True:
            with listener.accept()[0] as peer:
                peer.sendall(name.encode())
    threading.Thread(target=serve).start()
"""
ASK = """\
import socket, sys
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as peer:
        print(peer.recv(10).decode())
"""
WORKERS = """\
services:
  checked:
    build: .
    command: [python, -c, "import pathlib, time; pathlib.Path('up').touch(); time.sleep(600)"]
    healthcheck: {test: [CMD, test, -e, up], interval: 200ms}
    restart: unless-stopped
  unchecked: {build: ., command: sleep 600, restart: unless-stopped}
"""


@pytest.fixture
def tree(make_system: MakeSystem, tmp_path: Path) -> MakeSystem:
    """Give the fixture its shared package and a directory for services."""
    (tmp_path / "fixture" / "services").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "common_part.py").write_text("WHERE = __file__\n")
    return make_system


def test_services_of_one_build_run_where_the_dockerfile_puts_them(
    tree: MakeSystem, tmp_path: Path
) -> None:
    system = tree(TREE)
    system.up()
    seen = answer(system.url("auth"))
    assert seen["cwd"] == str(tmp_path / "fixture" / "services")
    assert seen["env"]["PYTHONPATH"] == f"{tmp_path}/shared:{tmp_path}/fixture"
    assert seen["env"]["FILE"] == f"{tmp_path}/shared/x"
    wait_for(lambda: system.service("jobs").exit_code == 0)
    assert system.log("jobs")[0] == f"{tmp_path}/shared/common_part.py"


def test_a_service_has_the_build_of_the_image_that_it_names(
    tree: MakeSystem, tmp_path: Path
) -> None:
    system = tree(TREE)
    services = load(system.instance.phase.directory).services
    assert services["jobs"].build == services["auth"].build
    assert services["jobs"].context == tmp_path


def test_one_image_is_built_in_one_way(tree: MakeSystem) -> None:
    other = TREE.replace("  jobs:\n    image: fixture:local\n", "  jobs:\n    <<: *image\n")
    check(tree(other).instance)
    both = other.replace("  jobs:\n", "  jobs:\n    build: ..\n")
    with pytest.raises(RefusedError, match=r"fixture:local is built otherwise by .*'auth'"):
        check(tree(both).instance)


@pytest.mark.parametrize(
    ("copies", "words"),
    [
        ("{/srv/app: ghost}", r"x-lab.copies./srv/app: there is nothing at .*ghost"),
        ("{srv: fixture}", "absolute path"),
        ("{/srv: ../..}", "outside of the build context"),
    ],
)
def test_copies_that_cannot_be_are_refused(tree: MakeSystem, copies: str, words: str) -> None:
    system = tree(TREE.replace("{/srv/app: fixture, /srv/shared: shared}", copies))
    with pytest.raises(RefusedError, match=words):
        check(system.instance)


def test_a_working_directory_that_nothing_says_is_refused(tree: MakeSystem) -> None:
    system = tree(TREE.replace("working_dir: /srv/app/services", "working_dir: /opt/app"))
    with pytest.raises(RefusedError, match="'auth': working_dir /opt/app lies in the image"):
        check(system.instance)


def test_each_port_is_reached_by_its_number_and_published_ones_from_outside(
    make_system: MakeSystem, tmp_path: Path
) -> None:
    (tmp_path / "fixture").mkdir()
    (tmp_path / "fixture" / "two.py").write_text(TWO)
    (tmp_path / "fixture" / "ask.py").write_text(ASK)
    system = make_system(PORTS)
    status = system.up()
    wait_for(lambda: system.service("asks").exit_code == 0)
    assert system.log("asks")[:3] == ["WEB", "ADMIN", "OPEN"]
    assert status.address == f"http://127.0.0.1:{system.instance.phase.port}"
    addresses = (status.services["front"].address or "").split(", ")
    assert len({*addresses}) == 3
    assert f"127.0.0.1:{system.instance.phase.port}" in addresses


def test_a_port_inside_may_have_the_number_of_the_front_door(make_system: MakeSystem) -> None:
    server = SERVER + '    environment: {BIND: "0.0.0.0:8000", URL: "http://localhost:8000"'
    port = PortChooser().at_or_after(18000)
    text = f"""\
services:
  front:
{server.replace("8000", str(port))}, BACK: "back:{port}"}}
    ports: ["127.0.0.1:${{CHAT_PORT:-8000}}:{port}"]
  back:
{server.replace("8000", str(port))}}}
  page:
{server}, FRONT: "http://localhost:${{CHAT_PORT:-8000}}/"}}
"""
    system = make_system(text, port=port)
    services = system.up().services
    assert services["front"].address == f"127.0.0.1:{port}"
    back = services["back"].address
    assert back not in (None, services["front"].address)
    assert answer(system.url("front"))["env"]["BACK"] == back
    assert answer(system.url("back"))["env"]["URL"] == f"http://{back}"
    seen = answer(system.url("page"))["env"]
    assert seen["FRONT"] == f"http://127.0.0.1:{port}/"
    assert seen["URL"] == f"http://{services['page'].address}"


def test_a_port_is_published_once(make_system: MakeSystem) -> None:
    system = make_system(PORTS.replace("127.0.0.1::9000", "127.0.0.1::8000"))
    with pytest.raises(RefusedError, match=r"ports\[1\]: port 8000 is published twice"):
        check(system.instance)


def test_workers_need_no_port(make_system: MakeSystem) -> None:
    system = make_system(WORKERS)
    status = system.up()
    assert status.address is None
    assert {name: one.health for name, one in status.services.items()} == {
        "checked": Health.HEALTHY,
        "unchecked": None,
    }
    assert all(one.started and one.address is None for one in status.services.values())
    before = system.service("unchecked").pid
    system.kill("unchecked")
    wait_for(lambda: system.service("unchecked").settled and system.service("unchecked").exits)
    assert system.service("unchecked").pid != before
