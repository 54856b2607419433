"""The image redis as a process: a cache, a store, and what health checks and drills do to it."""

import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from signal import Signals

import pytest
from valkey import Valkey

from lab.errors import RefusedError
from lab.native.adapters import redis
from lab.native.adapters.adapter import Server
from lab.native.adapters.registry import adapter_for
from lab.native.planner import check
from lab.status import Health
from lab.tests.conftest import SERVER, MakeSystem, System, answer, wait_for

CACHE = f"""\
services:
  cache:
    image: redis:8.0
    command: [redis-server, --maxmemory, 64mb, --maxmemory-policy, allkeys-lru, --save, ""]
    restart: unless-stopped
    healthcheck:
      test: [CMD, redis-cli, ping]
      interval: 200ms
  app:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000", CACHE_URL: "redis://cache:6379/0"}}
    depends_on: {{cache: {{condition: service_healthy}}}}
"""
STORE = """\
services:
  store:
    image: docker.io/library/redis:8.0-alpine
    command: --appendonly yes --appendfsync always
    volumes: [data:/data]
    ports: ["127.0.0.1::6379"]
    healthcheck: {test: "redis-cli ping | grep -q PONG", interval: 200ms}
volumes: {data: }
"""


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """Return a service with a cache, up."""
    made = make_system(CACHE)
    made.up()
    return made


def client(system: System, service: str) -> Valkey:
    host, _, port = (system.service(service).address or "").partition(":")
    return Valkey(host, int(port), socket_timeout=5)


def cli(system: System, *words: str) -> str:
    """Run redis-cli as a drill does."""
    with tempfile.TemporaryFile() as output:
        assert system.engine.run(system.instance, "cache", ["redis-cli", *words], None, output) == 0
        output.seek(0)
        return output.read().decode().strip()


def test_a_service_finds_its_cache_by_the_address_that_compose_yaml_gives(system: System) -> None:
    url = answer(system.url("app"))["env"]["CACHE_URL"]
    assert url == f"redis://{system.service('cache').address}/0"
    with closing(Valkey.from_url(url)) as cache:
        cache.set("k", "v")
    assert cli(system, "get", "k") == "v"
    assert cli(system, "config", "get", "maxmemory-policy").split()[-1] == "allkeys-lru"
    assert cli(system, "config", "get", "bind").split()[-1] == "127.0.0.1"


def test_a_killed_cache_comes_back_empty_on_the_same_address(system: System) -> None:
    address = system.service("cache").address
    cli(system, "set", "k", "v")
    system.kill("cache")
    wait_for(lambda: system.service("cache").exits == 1 and system.service("cache").settled)
    assert system.service("cache").address == address
    assert cli(system, "dbsize") == "0"


def test_a_cache_that_hangs_is_unhealthy_until_it_answers_again(make_system: MakeSystem) -> None:
    quick = "interval: 200ms\n      timeout: 300ms\n      retries: 2"
    system = make_system(CACHE.replace("interval: 200ms", quick, 1))
    system.up()
    system.engine.signal_service(system.instance, "cache", Signals.SIGSTOP)
    wait_for(lambda: system.service("cache").health is Health.UNHEALTHY)
    system.engine.signal_service(system.instance, "cache", Signals.SIGCONT)
    wait_for(lambda: system.service("cache").health is Health.HEALTHY)


def test_what_it_writes_lies_in_its_own_directory(system: System) -> None:
    cli(system, "save")
    (dump,) = system.instance.directory.rglob("*.rdb")
    assert dump.parent == system.instance.tmp / "cache" / "data"
    system.down()
    system.up()
    assert not dump.exists(), "an anonymous volume does not outlive lab down"


def test_a_named_volume_outlives_a_stop(make_system: MakeSystem) -> None:
    system = make_system(STORE)
    system.up()
    with closing(client(system, "store")) as store:
        store.set("k", "v")
    system.down()
    system.up()
    with closing(client(system, "store")) as store:
        assert store.get("k") == b"v"
    assert (system.instance.volumes / "data" / "appendonlydir").is_dir()


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("redis", True),
        ("redis:8.0-alpine@sha256:00", True),
        ("localhost:5000/redis", False),
        ("bitnami/redis:8", False),
    ],
)
def test_an_adapter_is_for_the_official_image_only(image: str, known: bool) -> None:  # noqa: FBT001
    assert (adapter_for(image) is not None) is known


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ([], ("redis-server",)),
        (["--save", ""], ("redis-server", "--save", "")),
        (["/etc/redis.conf"], ("redis-server", "/etc/redis.conf")),
        (["redis-server", "--port", "7000"], ("redis-server", "--port", "7000")),
        (["sh", "-c", "redis-server"], ("sh", "-c", "redis-server")),
    ],
)
def test_commands_are_completed_as_the_image_does(
    command: list[str], argv: tuple[str, ...]
) -> None:
    asked: list[int] = []

    def port(number: int) -> int:
        asked.append(number)
        return 20000

    server = Server("x", "1", {"redis-server": Path("/x/s"), "redis-cli": Path("/x/c")})
    launch = redis.Redis().launch(server, command, port)
    assert launch.argv == argv
    assert asked == [7000 if "7000" in command else 6379]
    assert launch.programs["redis-cli"].script() == '#!/bin/sh\nexec /x/c -p 20000 "$@"\n'


def test_a_published_port_that_it_does_not_listen_on_is_refused(make_system: MakeSystem) -> None:
    system = make_system(STORE.replace("::6379", "::6380"))
    with pytest.raises(RefusedError, match=r"publishes port 6380, on which .*redis:8\.0"):
        check(system.instance)


def test_a_machine_without_a_server_is_told_how_to_get_one(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "find_server", lambda *_: None)
    with pytest.raises(RefusedError, match=r"'cache' needs the image redis:8\.0") as refused:
        check(make_system(CACHE).instance)
    assert "apt-get install redis-server" in str(refused.value.hint)


def test_the_machines_own_server_is_used_where_there_is_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis-server", "redis-cli"):
        (tmp_path / name).write_text("#!/bin/sh\necho Redis server v=7.0.15 sha=0 bits=64\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(redis, "in_wheel", lambda *_: "")
    found = redis.Redis().find()
    assert found is not None
    assert (found.product, found.version) == ("Redis", "7.0.15")
    assert subprocess.run([found.programs["redis-cli"]], check=False).returncode == 0
