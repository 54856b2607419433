"""A real Prometheus, with our rules, asks a real gateway, application, broker and servers."""

import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from brokers import Host, broker
from caching import Somebody
from gateways import Gateway, Service, free_port
from issuing import Monolith
from postgres import cluster, settings_for
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from redises import RedisServer
from stand_in import create_app
from waiting import wait_for
from watching import MONITORING, queries, read

from chassis.exporter import Settings, registry
from messages.noting import Noting
from realtime.delivery import DeliveryMetrics

PATIENCE = 90.0
"""Seconds: some scrapes, on a machine that does other things too."""


class Silent(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Prometheus:
    """One process, with our rules, which asks each second."""

    def __init__(self, directory: Path, targets: dict[str, int]) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("prometheus is not installed: apt-get install prometheus")
        self.port = free_port()
        targets = {**targets, "prometheus": self.port}
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(MONITORING / "prometheus" / "rules" / "*.yml")],
            "scrape_configs": [
                {
                    "job_name": "services",
                    "static_configs": [
                        {"labels": {"service": name}, "targets": [f"127.0.0.1:{port}"]}
                        for name, port in targets.items()
                    ],
                }
            ],
        }
        file = directory / "prometheus.json"
        file.write_text(json.dumps(configuration))
        self.process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--web.console.templates={MONITORING / 'prometheus' / 'consoles'}",
                "--log.level=error",
            ],
            cwd=directory,
        )

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return what a question finds; nothing while it does not answer."""
        try:
            url = f"http://127.0.0.1:{self.port}/api/v1/query"
            answer = httpx.get(url, params={"query": expression}, timeout=10)
        except httpx.TransportError:
            return []
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def close(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus, and something that happens for it to count."""
    directory = tmp_path_factory.mktemp("watched")
    with ExitStack() as stack:
        redis = RedisServer(directory).start()
        stack.callback(redis.close)
        targets = {
            **_application(directory, redis, stack),
            **_gateway(directory, stack),
            **_sockets_and_messages(stack),
            **_exporter(redis, stack),
            "broker": broker().metrics_port,
        }
        watching = stack.enter_context(closing(Prometheus(directory, targets)))
        yield watching


def _application(directory: Path, redis: RedisServer, stack: ExitStack) -> dict[str, int]:
    port = free_port()
    host = Host(directory)
    stack.callback(host.drop)
    settings = settings_for(
        directory / "data",
        cache_url=redis.url,
        operations_bind=f"127.0.0.1:{port}",
        broker_url=host.settings.broker_url,
        broker_password_file=host.settings.broker_password_file,
    )
    app = create_app(settings)
    ann = Somebody(app)
    ann.do("POST", "/conversations", {"kind": "group", "name": "G", "member_ids": []})
    _again_and_again(ann.list, stack)
    server = make_server("127.0.0.1", port, app, handler_class=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return {"chat": port}


def _gateway(directory: Path, stack: ExitStack) -> dict[str, int]:
    service, nobody = Service().start(), Service()
    gateway = Gateway(directory, service, Monolith(), {f"auth:{8000}": f"127.0.0.1:{nobody.port}"})
    gateway.start()
    stack.callback(gateway.stop)
    stack.callback(service.stop)
    who = {"Authorization": f"Bearer {gateway.monolith.token()}"}
    group = f"{gateway.url}/api/v1/conversations"

    def ask() -> None:
        with httpx.Client(headers=who) as client:
            client.get(group)
            client.get(f"{group}/1/messages")
            client.post(f"{group}/1/messages", json={})
            client.post(f"{gateway.url}/api/v1/auth/login", json={})  # where nobody answers

    _again_and_again(ask, stack)
    return {"gateway": gateway.operations_port}


def _sockets_and_messages(stack: ExitStack) -> dict[str, int]:
    """Have the real metrics of both; what they belong to has tables that no two may have here."""
    found = CollectorRegistry()
    delivered = DeliveryMetrics(found)
    noting = Noting(SimpleNamespace(note=lambda *_: None), found)  # type: ignore[arg-type]
    Gauge("chat_sockets_open", "As realtime.app has it.", registry=found).set(2)
    # So old that an alert fires.
    Gauge("chat_outbox_oldest_seconds", "As chassis.metrics.", registry=found).set(100)
    event: Any = {"type": "message.created", "conversation_id": None, "rev": None}
    event["data"] = {"message": {"kind": "text", "seq": 1}}

    def happen() -> None:
        made = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        delivered.written(f'42["message.created",{{"id":"1","occurred_at":"{made}"}}]')
        noting.publish(event, [])

    _again_and_again(happen, stack)
    return {"realtime": _served(found, stack)}


def _exporter(redis: RedisServer, stack: ExitStack) -> dict[str, int]:
    url = cluster().primary.url("postgres", "postgres")
    replica = cluster().replica.url("postgres", "postgres")
    settings = Settings(primary_url=url, replica_url=replica, cache_url=redis.url)
    return {"exporter": _served(registry(settings), stack)}


def _served(found: CollectorRegistry, stack: ExitStack) -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    server, _ = start_http_server(port, "127.0.0.1", found)
    stack.callback(server.shutdown)
    return port


def _again_and_again(do: Callable[[], object], stack: ExitStack) -> None:
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(0.3):
            do()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    stack.callback(thread.join)
    stack.callback(stopping.set)


def test_each_name_that_is_read_is_exposed(prometheus: Prometheus) -> None:
    wanted = read() - {"alertmanager_notifications_failed_total"}  # no Alertmanager here

    def missing() -> set[str]:
        return {name for name in wanted if not prometheus.ask(f"count({name})")}

    try:
        wait_for(lambda: not missing(), within=PATIENCE)
    except AssertionError:
        assert missing() == set()


def test_each_panel_shows_something(prometheus: Prometheus) -> None:
    def empty() -> list[str]:
        return [
            f"{where}: {expression}"
            for where, expression in queries()
            if not _numbers(prometheus, expression)
        ]

    try:
        wait_for(lambda: not empty(), within=PATIENCE)
    except AssertionError:
        assert empty() == []


def _numbers(prometheus: Prometheus, expression: str) -> bool:
    found = prometheus.ask(expression.replace("$service", "chat"))
    return any(one["value"][1] != "NaN" for one in found)


def test_what_fires_is_what_is_wrong(prometheus: Prometheus) -> None:
    """Two outboxes that no relay reads, and later that there is no Alertmanager to tell."""
    old = {("OutboxOld", "chat"), ("OutboxOld", "realtime")}

    def firing() -> set[tuple[str, str]]:
        found = prometheus.ask('ALERTS{alertstate="firing"}')
        return {(one["metric"]["alertname"], one["metric"]["service"]) for one in found}

    wait_for(lambda: firing() >= old, within=PATIENCE)
    assert firing() - old <= {("AlertsNotDelivered", "prometheus")}


def test_the_overview_shows_what_the_numbers_say(prometheus: Prometheus) -> None:
    def page() -> str:
        answer = httpx.get(f"http://127.0.0.1:{prometheus.port}/consoles/index.html", timeout=30)
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", answer.text)

    wait_for(lambda: "OutboxOld chat (page)" in page(), within=PATIENCE)
    shown = page()
    for service in ("broker", "chat", "exporter", "gateway", "realtime"):
        assert f"<td>{service}</td>" in shown
    for words in ("send-answered", "list-fast", "delivery-fast", "outbox of chat"):
        assert words in shown
    row = shown.partition("<td>chat</td>")[2].partition("</tr>")[0]
    requests, failed, p99, processor, memory = re.findall(r"<td>(.*?)</td>", row)
    assert float(requests) > 0
    assert float(failed) == 0
    assert p99.endswith(("ms", "s"))
    assert processor.endswith("%")
    assert memory.endswith("MiB")
