"""The image nginx as a process: one configuration for both engines."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from signal import Signals

import pytest

from lab.errors import RefusedError
from lab.native.adapters import nginx
from lab.native.adapters.adapter import Server
from lab.native.adapters.registry import adapter_for
from lab.native.planner import check
from lab.tests.conftest import SERVER, MakeSystem, System, answer, wait_for

FRONT = f"""\
services:
  front:
    image: nginx:1.26
    entrypoint: [nginx, -c, /etc/front/nginx.conf, -g]
    command: ["load_module /usr/lib/nginx/modules/ngx_http_js_module.so; daemon off;"]
    ports: ["127.0.0.1::8000"]
    volumes: ["./front:/etc/front:ro"]
    tmpfs: /tmp
    restart: unless-stopped
    depends_on: [back]
    x-lab: {{render: [/etc/front]}}
  back:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000"}}
"""
CONFIGURATION = """\
pid /tmp/nginx.pid;
events { worker_connections 64; }
http {
    access_log off;
    js_import hello.js;
    server {
        listen 0.0.0.0:8000;
        location / { proxy_pass http://back:8000; }
        location /hello { js_content hello.say; }
        location /files { root .; }
    }
}
"""
HELLO = "export default { say(r) { r.return(200, 'hello'); } };\n"


@pytest.fixture
def system(make_system: MakeSystem, tmp_path: Path) -> System:
    """Return a front with a service behind it, up."""
    directory = tmp_path / "fixture" / "front"
    directory.mkdir(parents=True)
    (directory / "nginx.conf").write_text(CONFIGURATION)
    (directory / "hello.js").write_text(HELLO)
    made = make_system(FRONT)
    made.up()
    wait_for(lambda: says(made, "/hello") == "hello")
    return made


def url(system: System, path: str) -> str:
    return f"http://{system.service('front').address}{path}"


def says(system: System, path: str) -> str:
    try:
        with urllib.request.urlopen(url(system, path), timeout=5) as found:
            return str(found.read().decode())
    except urllib.error.URLError as error:
        return str(error.reason)


def test_it_passes_on_to_the_service_that_its_configuration_names(system: System) -> None:
    assert answer(url(system, "/"))["env"]["BIND"] == system.service("back").address


def test_it_reads_the_files_of_whoever_started_it(system: System) -> None:
    place = system.instance.tmp / "front" / "var" / "cache" / "nginx" / "files"
    place.mkdir()
    (place / "own").write_text("mine")
    (place / "own").chmod(0o600)
    assert says(system, "/files/own") == "mine"


def test_what_it_writes_lies_in_its_own_directory(system: System) -> None:
    own = system.instance.tmp / "front"
    assert (own / "tmp" / "nginx.pid").read_text().strip() == str(system.service("front").pid)
    assert (own / "var" / "cache" / "nginx" / "proxy_temp").is_dir()


def test_a_signal_has_it_read_its_configuration_again(system: System) -> None:
    script = system.instance.tmp / "front" / "etc" / "front" / "hello.js"
    script.write_text(HELLO.replace("hello", "welcome"))
    system.engine.signal_service(system.instance, "front", Signals.SIGHUP)
    wait_for(lambda: says(system, "/hello") == "welcome")
    assert system.service("front").exits == 0


def test_killed_it_comes_back_and_no_worker_is_left(system: System) -> None:
    system.kill("front")
    wait_for(lambda: system.service("front").exits == 1 and system.service("front").settled)
    wait_for(lambda: says(system, "/hello") == "hello")


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ([], ("nginx", "-g", "daemon off;")),
        (["nginx", "-g", "daemon off;"], ("nginx", "-g", "daemon off;")),
        (["nginx", "-t"], ("nginx", "-t", "-g", "")),
        (
            ["nginx", "-c", "/x", "-g", "load_module /m/njs.so; daemon off; load_module b.so;"],
            ("nginx", "-c", "/x", "-g", "daemon off;"),
        ),
        (["nginx", "-g", "daemon off", "-c", "/x"], ("nginx", "-g", "daemon off;", "-c", "/x")),
    ],
)
@pytest.mark.parametrize(("uid", "user"), [(0, "user root root;"), (1000, "")])
def test_modules_are_built_in_and_workers_are_who_started_it(
    monkeypatch: pytest.MonkeyPatch, command: list[str], argv: Sequence[str], uid: int, user: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    server = Server("nginx", "1", {"nginx": Path("/x/nginx")})
    launch = nginx.Nginx().launch(server, command, int)
    at = argv.index("-g") + 1
    expected = " ".join(filter(None, (argv[at], user)))
    assert launch.argv == (*argv[:at], expected, *argv[at + 1 :])
    assert launch.programs["nginx"].script() == '#!/bin/sh\nexec /x/nginx -p . -e stderr "$@"\n'


def test_a_published_port_that_its_configuration_does_not_name_is_refused(
    make_system: MakeSystem, tmp_path: Path
) -> None:
    directory = tmp_path / "fixture" / "front"
    directory.mkdir(parents=True)
    (directory / "nginx.conf").write_text(CONFIGURATION)
    system = make_system(FRONT.replace("::8000", "::8001"))
    with pytest.raises(RefusedError, match=r"publishes port 8001, on which nginx:1\.26"):
        check(system.instance)


def test_a_machine_without_it_is_told_so(
    make_system: MakeSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fixture" / "front").mkdir(parents=True)
    monkeypatch.setattr(nginx, "in_wheel", lambda *_: "")
    with pytest.raises(RefusedError, match=r"'front' needs the image nginx:1\.26"):
        check(make_system(FRONT).instance)


@pytest.mark.parametrize(("image", "known"), [("nginx", True), ("bitnami/nginx:1", False)])
def test_the_adapter_is_for_the_official_image_only(image: str, known: bool) -> None:  # noqa: FBT001
    assert isinstance(adapter_for(image), nginx.Nginx) is known
