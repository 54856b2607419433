"""`x-lab.render`: configuration files with the addresses and paths of this machine."""

from pathlib import Path

import pytest

from lab.errors import RefusedError
from lab.native.planner import check
from lab.native.render import render
from lab.native.rewrite import Rewriter
from lab.tests.conftest import SERVER, MakeSystem, answer

PROXY = f"""\
services:
  back:
{SERVER}
    environment: {{BIND: "0.0.0.0:8000"}}
    deploy: {{replicas: 2}}
  front:
{SERVER}
    environment:
      BIND: 0.0.0.0:8000
      CONFIG: /etc/front/front.conf
      PARTS: /etc/front/conf.d
      PLAIN: /etc/front/plain.conf
    volumes:
      - ./front.conf:/etc/front/front.conf:ro
      - ./conf.d:/etc/front/conf.d:ro
      - ./plain.conf:/etc/front/plain.conf:ro
      - data:/var/cache/front
    ports: ["127.0.0.1::9000"]
    depends_on: [back]
    x-lab:
      render: [/etc/front/front.conf, /etc/front/conf.d]
volumes: {{data: }}
"""
FRONT = """\
# back:8000 stands behind
listen 0.0.0.0:9000;
include /etc/front/conf.d/*.conf;
cache /var/cache/front/pages;
proxy http://back;
"""
PART = "upstream back {\n  server back:8000;\n}\n"


@pytest.fixture
def configured(make_system: MakeSystem, tmp_path: Path) -> MakeSystem:
    """Give the fixture phase its configuration files."""
    directory = tmp_path / "fixture"
    (directory / "conf.d" / "deep").mkdir(parents=True)
    (directory / "front.conf").write_text(FRONT)
    (directory / "plain.conf").write_text(PART)
    (directory / "conf.d" / "deep" / "back.conf").write_text(PART)
    return make_system


def test_copies_have_this_machines_addresses_and_originals_stay(
    configured: MakeSystem, tmp_path: Path
) -> None:
    system = configured(PROXY)
    status = system.up()
    _, own_port = (status.services["front"].address or "").split(", ")
    told = answer(f"http://{own_port}")["env"]
    own = system.instance.tmp / "front"
    backs = [status.services[f"back-{one}"].address for one in (1, 2)]
    assert Path(told["CONFIG"]).read_text().splitlines() == [
        *(f"# {back} stands behind" for back in backs),
        f"listen {status.address.removeprefix('http://')};" if status.address else "",
        f"include {own}/etc/front/conf.d/*.conf;",
        f"cache {system.instance.volumes}/data/pages;",
        "proxy http://back;",
    ]
    part = Path(told["PARTS"], "deep", "back.conf").read_text()
    assert part == f"upstream back {{\n  server {backs[0]};\n  server {backs[1]};\n}}\n"
    phase = tmp_path / "fixture"
    assert Path(told["PLAIN"]) == phase / "plain.conf"
    assert (phase / "front.conf").read_text() == FRONT
    assert (phase / "conf.d" / "deep" / "back.conf").read_text() == PART


def test_a_copy_follows_its_original_at_the_next_start(
    configured: MakeSystem, tmp_path: Path
) -> None:
    system = configured(PROXY)
    system.up()
    system.down()
    (tmp_path / "fixture" / "conf.d" / "deep" / "back.conf").unlink()
    (tmp_path / "fixture" / "conf.d" / "new.conf").write_text("back:8000")
    system.up()
    parts = system.instance.tmp / "front" / "etc" / "front" / "conf.d"
    assert [path.name for path in parts.rglob("*.conf")] == ["new.conf"]


def test_a_file_that_is_no_text_is_refused(configured: MakeSystem, tmp_path: Path) -> None:
    system = configured(PROXY)
    (tmp_path / "fixture" / "conf.d" / "logo.png").write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError, match=r"render: .*logo\.png is no text"):
        check(system.instance)


def test_a_line_with_two_services_is_repeated_for_each_pair() -> None:
    replicas = {"a": ["a-1", "a-2"], "b": ["b"], "c": ["c-1", "c-2"]}
    ports = {"a-1": 1, "a-2": 2, "b": 3, "c-1": 4, "c-2": 5}
    rewrite = Rewriter("b", replicas, {}, lambda owner, _: ports[owner])
    assert render("a:80 b:80 c:80\n", rewrite, replicas) == "".join(
        f"127.0.0.1:{a} 127.0.0.1:3 127.0.0.1:{c}\n" for a in (1, 2) for c in (4, 5)
    )
