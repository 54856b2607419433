"""What the gateway says of requests: one line each, and numbers that add up."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
from gateways import Gateway, Service
from running import metric, wait_for

SECRET = "s3cret-t1cket"
FIELDS = [
    "time",
    "level",
    "event",
    "request_id",
    "method",
    "resource",
    "status",
    "ms",
    "service",
    "service_ms",
    "bytes",
]


def test_each_request_has_a_line_under_the_id_that_its_answer_has(
    gateway: Gateway, service: Service
) -> None:
    path = f"/api/v1/conversations/{SECRET}/messages?q={SECRET}"
    answer = httpx.get(gateway.url + path, headers={"Authorization": f"Bearer {SECRET}"})
    line = gateway.line_of(answer.headers["X-Request-ID"])
    assert list(line) == FIELDS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["event"], line["method"], line["resource"]) == ("http.request", "GET", "messages")
    assert (line["status"], line["service"], line["bytes"]) == (200, "messages", 15)
    assert 0 <= line["service_ms"] <= line["ms"] + 1
    assert service.asked[0].header("X-Request-ID") == line["request_id"]


def test_nothing_that_lets_somebody_in_is_written(gateway: Gateway, service: Service) -> None:
    tokens = {"Authorization": f"Bearer {SECRET}", "Cookie": SECRET, "User-Agent": SECRET}
    handshake = {"Connection": "upgrade", "Upgrade": "websocket"}
    for path in (f"/socket.io/?ticket={SECRET}", f"/{SECRET}", f"/api/v1/profiles/{SECRET}"):
        for _ in range(2):
            answer = httpx.get(gateway.url + path, headers={**tokens, **handshake})
            gateway.line_of(answer.headers["X-Request-ID"])
        service.stop()  # the second round meets nobody, which nginx itself would complain of
    httpx.get(gateway.url + f"/socket.io/?ticket={SECRET}", headers=handshake)
    gateway.raw(f"GET /{SECRET} HTTP/1.1\r\n{SECRET}\r\n\r\n".encode())
    assert SECRET not in gateway.log.read_text()
    assert SECRET not in gateway.said()


def test_what_is_asked_for_every_few_seconds_is_counted_and_not_written(gateway: Gateway) -> None:
    for path in ("/healthz", "/readyz"):
        httpx.get(gateway.url + path)
    last = httpx.get(f"{gateway.url}/api/v1/system").headers["X-Request-ID"]
    gateway.line_of(last)
    assert len(gateway.lines()) == 1
    assert gateway.metric("chat_gateway_requests_total", resource="system", status="200") == 3


def test_a_line_is_json_whatever_is_asked(gateway: Gateway) -> None:
    gateway.raw(b'G"E\\T /"\\\xff HTTP/1.1\r\nHost: "\r\n\r\n')
    gateway.raw(b"FOO /%22%0a%5c HTTP/1.0\r\nHost: x\r\n\r\n")
    wait_for(lambda: len(gateway.lines()) == 2)
    assert sorted((line["method"], line["status"]) for line in gateway.lines()) == [
        ("GET", 400),  # sent on inside, which makes it one
        ("OTHER", 404),
    ]


def test_workers_count_together_and_lose_nothing(gateway: Gateway) -> None:
    with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(
                lambda _: client.get(f"{gateway.url}/api/v1/profiles/me").status_code, range(400)
            )
        )
        assert statuses == [200] * 400
        client.get(f"{gateway.url}/nothing")
    assert gateway.metric("chat_gateway_requests_total", resource="profiles") == 400
    assert gateway.metric("chat_gateway_seconds_count", method="GET", resource="profiles") == 400
    assert gateway.metric("chat_gateway_seconds_bucket", resource="profiles", le="+Inf") == 400
    assert gateway.metric("chat_gateway_problems_total", type="not-found") == 1
    waited = gateway.metric("chat_gateway_service_seconds_total", resource="profiles")
    spent = gateway.metric("chat_gateway_seconds_sum", resource="profiles")
    assert 0 <= waited <= spent + 400 * 0.001, "whole milliseconds"


def test_labels_are_of_a_bounded_set(gateway: Gateway) -> None:
    for number in range(26):
        path = f"/api/v1/profiles/{number}"
        gateway.raw(
            f"X{chr(65 + number)} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
    exposed = httpx.get(f"{gateway.operations}/metrics").text
    assert metric(exposed, "chat_gateway_requests_total", method="OTHER") == 26
    assert exposed.count("chat_gateway_requests_total{") == 1


def test_metrics_are_not_where_everybody_is(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/metrics").status_code == 404
    assert json.loads(httpx.get(f"{gateway.operations}/healthz").text) == {"status": "ok"}
