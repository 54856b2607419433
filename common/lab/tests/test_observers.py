"""The images of Prometheus, Alertmanager and Zipkin as processes."""

import os
import time
from typing import Any

import httpx
import psutil
import pytest

from lab.bootstrap import root_prefix
from lab.native.adapters.prometheus import Alertmanager, Prometheus
from lab.native.adapters.zipkin import Zipkin
from lab.tests.conftest import MakeSystem, System, wait_for

SLOW = 60.0  # seconds; a Java VM starts in 8 of them on a machine that does nothing else
TEXT = """\
services:
  prometheus:
    image: prom/prometheus:v2.53.3
    command: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
    volumes: ["./settings:/etc/prometheus:ro", "kept:/prometheus"]
    x-lab: {render: [/etc/prometheus]}
    healthcheck:
      test: [CMD, promtool, query, instant, "http://127.0.0.1:9090", "1"]
      interval: 200ms
    depends_on: {alertmanager: {condition: service_healthy}}
  alertmanager:
    image: prom/alertmanager:v0.28.1
    command: ["--config.file=/etc/alertmanager/alertmanager.yml", "--cluster.listen-address="]
    volumes: ["./receivers:/etc/alertmanager:ro"]
    healthcheck:
      test: [CMD, amtool, "--alertmanager.url=http://127.0.0.1:9093", alert, query]
      interval: 200ms
  zipkin:
    image: openzipkin/zipkin:3.4
volumes: {kept: }
"""
PROMETHEUS = """\
global: {scrape_interval: 200ms, evaluation_interval: 200ms}
rule_files: [/etc/prometheus/rules.yml]
scrape_configs:
  - job_name: itself
    static_configs: [{targets: ["prometheus:9090", "alertmanager:9093"]}]
alerting:
  alertmanagers: [{static_configs: [{targets: ["alertmanager:9093"]}]}]
"""
RULES = """\
groups: [{name: g, rules: [{alert: Always, expr: "count(up) == 2"}]}]
"""
RECEIVERS = "{route: {receiver: nobody}, receivers: [{name: nobody}]}\n"


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """Return all three, up."""
    lacking = [one.package for one in (Prometheus(), Alertmanager(), Zipkin()) if not one.find()]
    if lacking and root_prefix() is None:
        pytest.skip("needs servers of this machine: apt-get install " + " ".join(lacking))
    made = make_system(TEXT)
    for name, text in {
        "settings/prometheus.yml": PROMETHEUS,
        "settings/rules.yml": RULES,
        "receivers/alertmanager.yml": RECEIVERS,
    }.items():
        file = made.instance.phase.directory / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    made.up()
    return made


def get(system: System, service: str, path: str, **query: Any) -> Any:
    answer = httpx.get(f"http://{system.service(service).address}{path}", params=query)
    answer.raise_for_status()
    return answer.json()


def test_an_alert_goes_from_a_rule_to_the_alertmanager(system: System) -> None:
    def names() -> list[str]:
        alerts = get(system, "alertmanager", "/api/v2/alerts")
        return [one["labels"]["alertname"] for one in alerts]

    wait_for(lambda: names() == ["Always"], SLOW)
    found = get(system, "prometheus", "/api/v1/query", query="up")["data"]["result"]
    assert [one["value"][1] for one in found] == ["1", "1"]


def test_spans_that_zipkin_gets_can_be_found(system: System) -> None:
    def is_there() -> bool:
        try:
            return bool(get(system, "zipkin", "/health")["status"] == "UP")
        except httpx.TransportError:
            return False

    wait_for(is_there, SLOW)
    trace = os.urandom(16).hex()
    span = {
        "traceId": trace,
        "id": os.urandom(8).hex(),
        "name": "send",
        "timestamp": int(time.time() * 1_000_000),
        "duration": 1000,
        "localEndpoint": {"serviceName": "chat"},
    }
    address = system.service("zipkin").address
    assert httpx.post(f"http://{address}/api/v2/spans", json=[span]).status_code == 202
    wait_for(lambda: get(system, "zipkin", "/api/v2/traces") != [], SLOW)
    assert get(system, "zipkin", f"/api/v2/trace/{trace}")[0]["name"] == "send"


def test_none_of_them_listens_beyond_loopback(system: System) -> None:
    addresses = [system.service(name).address for name in ("prometheus", "alertmanager", "zipkin")]
    assert all((address or "").startswith("127.0.0.1:") for address in addresses)
    ports = {int((address or "").rpartition(":")[2]) for address in addresses}
    assert listening(ports) == {"127.0.0.1"}


def listening(ports: set[int]) -> set[str]:
    """Return on which addresses somebody listens on the ports."""
    found = [one.laddr for one in psutil.net_connections("tcp") if one.status == "LISTEN"]
    return {address.ip for address in found if address and address.port in ports}
