"""Greenlets are traced too, and a backend of traces that hangs is no greenlet's matter."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gateways import Asked, Service, ok
from playing import Person, Server
from waiting import wait_for

TRACED = {"CHAT_TRACES_SAMPLE": "1"}


@pytest.fixture
def backend() -> Iterator[Service]:
    """Takes spans."""
    backend = Service().start()
    backend.answers = [ok(b"", status="202 Accepted")]
    yield backend
    backend.stop()


@pytest.fixture
def server(start: Callable[..., Server], backend: Service) -> Server:
    """One process that is traced."""
    return start(CHAT_TRACES_URL=f"http://127.0.0.1:{backend.port}/api/v2/spans", **TRACED)


def spans(backend: Service) -> list[dict[str, Any]]:
    """All that have been sent by now."""
    return [span for asked in backend.asked for span in json.loads(asked.body)]


def test_a_request_is_a_trace_with_its_commands(server: Server, backend: Service) -> None:
    person, trace = Person(server), "4bf92f3577b34da6a3ce929d0e0e4736"
    header = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    ticket = person.http.post("/realtime/tickets", headers=header).json()["ticket"]
    wait_for(lambda: [span for span in spans(backend) if span["traceId"] == trace])
    found = {span["name"]: span for span in spans(backend) if span["traceId"] == trace}
    request = found["POST /api/v1/realtime/tickets"]
    assert request["parentId"] == "00f067aa0ba902b7"
    assert request["localEndpoint"] == {"serviceName": "realtime"}
    (command,) = (span for span in found.values() if span is not request)
    assert command["parentId"] == request["id"]
    assert command["tags"]["db.system.name"] == "redis"
    assert ticket not in json.dumps(spans(backend))


def test_what_the_process_does_by_itself_and_for_sockets_begins_no_trace(
    server: Server, backend: Service
) -> None:
    person = Person(server)
    client, _ = person.connect()
    person.sees(person)
    client.disconnect()
    wait_for(lambda: spans(backend))
    roots = {span["name"] for span in spans(backend) if "parentId" not in span}
    assert roots <= {"POST /api/v1/realtime/tickets", "GET /api/v1/presence"}


def test_a_backend_that_hangs_holds_up_nobody(server: Server, backend: Service) -> None:
    def hang(_asked: Asked, connection: Any) -> bool:
        connection.recv(1)
        return False

    backend.answers = [hang]
    person = Person(server)
    person.sees(person)
    wait_for(lambda: backend.asked)
    client, _ = person.connect()
    for _ in range(20):
        assert person.sees(person) == {person.id: True}
    client.disconnect()
