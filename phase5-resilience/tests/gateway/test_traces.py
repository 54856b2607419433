"""The gateway begins traces, says which are sampled, and has a span in each."""

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from gateways import Gateway, Service, StartGateway, hang_up, ok
from waiting import wait_for

from chassis.ids import new_id
from chassis.tracing.ids import is_chosen, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SECRET = "s3cret-t1cket"


@pytest.fixture
def backend() -> Iterator[Service]:
    """Takes spans."""
    backend = Service().start()
    backend.answers = [ok(b"", status="202 Accepted")]
    yield backend
    backend.stop()


@pytest.fixture
def traced(
    start_gateway: StartGateway, backend: Service, monkeypatch: pytest.MonkeyPatch
) -> Callable[[float], Gateway]:
    """Start a gateway that samples so many traces."""

    def start(rate: float) -> Gateway:
        monkeypatch.setenv("CHAT_TRACES_URL", f"http://127.0.0.1:{backend.port}/api/v2/spans")
        monkeypatch.setenv("CHAT_TRACES_SAMPLE", str(rate))
        return start_gateway()

    return start


def spans(backend: Service) -> list[dict[str, Any]]:
    """All that have been sent by now."""
    return [span for asked in backend.asked for span in json.loads(asked.body)]


def told(service: Service) -> list[str]:
    """The traceparent of each request that reached the service."""
    return [asked.header("traceparent") or "" for asked in service.asked]


def test_a_request_begins_a_trace_under_its_id(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(1)
    answer = httpx.get(f"{gateway.url}/api/v1/profiles/me?q={SECRET}")
    request_id = answer.headers["X-Request-ID"]
    (header,) = told(service)
    assert re.fullmatch(rf"00-{request_id.replace('-', '')}-[0-9a-f]{{16}}-01", header)
    wait_for(lambda: spans(backend))
    (span,) = spans(backend)
    assert (span["traceId"], span["id"]) == (header[3:35], header[36:52])
    assert (span["kind"], span["name"]) == ("SERVER", "GET profiles")
    assert span["localEndpoint"] == {"serviceName": "gateway"}
    assert span["tags"] == {
        "http.request.method": "GET",
        "http.response.status_code": "200",
        "peer.service": "profiles",
    }
    assert "parentId" not in span
    assert 0 < span["duration"] < 10_000_000
    assert gateway.metric("chat_gateway_spans_total", outcome="exported") == 1


def test_a_trace_of_the_clients_is_gone_on_with(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(1)
    answer = httpx.get(f"{gateway.url}/api/v1/system", headers={"traceparent": PARENT})
    assert answer.headers["X-Request-ID"] == str(uuid.UUID(TRACE))
    assert told(service)[0].startswith(f"00-{TRACE}-")
    assert "00f067aa0ba902b7" not in told(service)[0], "the service is below the gateway"
    wait_for(lambda: spans(backend))
    assert spans(backend)[0]["parentId"] == "00f067aa0ba902b7"


def test_whoever_names_the_request_too_has_named_the_trace(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway, request_id = traced(1), new_id()
    headers = {"traceparent": PARENT, "X-Request-ID": request_id}
    httpx.get(f"{gateway.url}/api/v1/system", headers=headers)
    assert told(service)[0].startswith(f"00-{request_id.replace('-', '')}-")
    wait_for(lambda: spans(backend))
    assert "parentId" not in spans(backend)[0]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        PARENT[:-1],
        PARENT + "-x",
        PARENT.upper(),
        PARENT.replace("00-4", "ff-4"),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
    ],
)
def test_what_is_no_trace_is_none(gateway: Gateway, service: Service, given: str) -> None:
    answer = httpx.get(f"{gateway.url}/api/v1/system", headers={"traceparent": given})
    assert uuid.UUID(answer.headers["X-Request-ID"]).version == 7


def test_the_id_says_what_is_sampled_and_never_the_client(
    traced: Callable[[float], Gateway], service: Service
) -> None:
    gateway, ids = traced(0.5), [new_id() for _ in range(30)] + ["request-of-mine", "another-one"]
    with httpx.Client() as client:
        for one in ids:
            headers = {"X-Request-ID": one, "traceparent": PARENT}
            client.get(f"{gateway.url}/api/v1/system", headers=headers)
    chosen = [header.endswith("-01") for header in told(service)]
    assert [int(header[3:35], 16) for header in told(service)] == [trace_of(one) for one in ids]
    assert chosen == [is_chosen(trace_of(one), 0.5) for one in ids]
    assert len(set(chosen)) == 2


def test_what_fails_is_kept_though_it_is_not_sampled(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(0)
    service.answers = [ok(), ok(b"{}", status="500 Internal Server Error"), hang_up, hang_up, ok()]
    for _ in range(4):
        httpx.patch(f"{gateway.url}/api/v1/profiles/me")
    assert {header[-2:] for header in told(service)} == {"00"}
    wait_for(lambda: len(spans(backend)) >= 2)
    found = Counter(span["tags"]["http.response.status_code"] for span in spans(backend))
    assert found.pop("500") == 1
    assert set(found) <= {"502", "503"}
    assert all(span["tags"]["error"] == "" for span in spans(backend))


def test_files_and_probes_are_no_traces(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(1)
    for path in ("/healthz", "/readyz", "/nothing", "/socket.io/?ticket=x", "/api/v1/system"):
        httpx.get(gateway.url + path)
    wait_for(lambda: spans(backend))
    assert [span["name"] for span in spans(backend)] == ["GET system"]


def test_nothing_that_a_client_wrote_is_in_a_span(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(1)
    headers = {"Authorization": f"Bearer {SECRET}", "User-Agent": SECRET, "Cookie": SECRET}
    httpx.request(
        "SCRT", f"{gateway.url}/api/v1/conversations/{SECRET}?q={SECRET}", headers=headers
    )
    wait_for(lambda: spans(backend))
    written = json.dumps(spans(backend))
    assert SECRET not in written
    assert "SCRT" not in written
    assert spans(backend)[0]["name"] == "OTHER conversations"


def test_a_backend_that_is_away_costs_spans_and_nothing_else(
    traced: Callable[[float], Gateway], service: Service, backend: Service
) -> None:
    gateway = traced(1)
    backend.stop()
    for _ in range(3):
        assert httpx.get(f"{gateway.url}/api/v1/system").status_code == 200
    wait_for(lambda: gateway.metric("chat_gateway_spans_total", outcome="backend") == 3)
    backend.start()
    httpx.get(f"{gateway.url}/api/v1/system")
    wait_for(lambda: len(spans(backend)) == 1)


def test_spans_that_wait_are_bounded(
    traced: Callable[[float], Gateway],
    start_gateway: StartGateway,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_TRACES_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("CHAT_TRACES_SAMPLE", "1")
    gateway = start_gateway(
        {"zone=spans:1m": "zone=spans:32k", "trace.send interval=1s": "trace.send interval=1h"}
    )
    with httpx.Client() as client:
        for _ in range(150):
            assert client.get(f"{gateway.url}/api/v1/system").status_code == 200
    wait_for(lambda: gateway.metric("chat_gateway_spans_total", outcome="full") > 0)
    assert gateway.metric("chat_gateway_spans_total", outcome="full") < 150


def test_without_a_backend_nothing_is_said(gateway: Gateway, service: Service) -> None:
    httpx.get(f"{gateway.url}/api/v1/system")
    assert told(service) == [""]
