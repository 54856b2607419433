"""A service that is away, ends, or takes its time: problem documents, and no work done twice."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gateways import Asked, Gateway, Service, StartGateway, hang_up, ok, problem_of

SEND = "/api/v1/conversations/c/messages"
CREATE = "/api/v1/conversations"


def test_a_service_that_is_away_is_a_problem_that_says_when_to_come_again(
    gateway: Gateway, service: Service
) -> None:
    service.stop()
    for method, path in (("GET", CREATE), ("POST", CREATE), ("POST", SEND), ("GET", "/readyz")):
        answer = httpx.request(method, gateway.url + path)
        assert (answer.status_code, problem_of(answer)) == (503, "not-ready")
        assert answer.headers["Retry-After"] == str(answer.json()["retry_after"])
    service.start()
    assert httpx.get(gateway.url + CREATE).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("GET", CREATE, 503, "not-ready"),
        ("PUT", f"{CREATE}/c/read", 503, "not-ready"),
        ("DELETE", f"{SEND}/m", 503, "not-ready"),
        ("POST", SEND, 503, "not-ready"),
        ("POST", CREATE, 502, "internal-error"),
        ("PATCH", f"{CREATE}/c", 502, "internal-error"),
    ],
)
def test_who_got_no_answer_is_told_to_repeat_only_what_can_be_repeated(
    gateway: Gateway, service: Service, method: str, path: str, status: int, problem: str
) -> None:
    service.answers = [hang_up]
    answer = httpx.request(method, gateway.url + path)
    assert (answer.status_code, problem_of(answer)) == (status, problem)
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert len(service.asked) == 1, "a new connection that broke is not tried again"


@pytest.mark.parametrize(("method", "status"), [("GET", 503), ("POST", 504)])
def test_a_service_that_takes_too_long_is_not_asked_again(
    start_gateway: StartGateway, service: Service, method: str, status: int
) -> None:
    def sleep(_: Asked, connection: socket.socket) -> bool:
        connection.recv(1)  # until the gateway gives up
        return False

    service.answers = [sleep]
    gateway = start_gateway({"proxy_read_timeout 15s": "proxy_read_timeout 200ms"})
    answer = httpx.request(method, gateway.url + CREATE)
    assert answer.status_code == status
    problem_of(answer)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("method", "path", "again"),
    [("GET", CREATE, True), ("POST", SEND, True), ("POST", CREATE, False)],
)
def test_a_kept_connection_that_turns_out_dead_is_made_anew_where_that_is_safe(
    start_gateway: StartGateway,
    service: Service,
    method: str,
    path: str,
    again: bool,  # noqa: FBT001
) -> None:
    gateway = start_gateway({"worker_processes 2": "worker_processes 1"})
    service.answers = [ok(), hang_up, ok()]
    assert httpx.get(gateway.url + path).status_code == 200
    answer = httpx.request(method, gateway.url + path, headers={"X-Request-ID": "only-this-one"})
    assert (answer.status_code == 200) is again, answer.text
    tries = [one for one in service.asked if one.header("X-Request-ID") == "only-this-one"]
    assert [one.connection for one in tries] == ([1, 2] if again else [1])


def test_who_finds_no_place_at_a_service_is_told_so_at_once(
    start_gateway: StartGateway, service: Service
) -> None:
    def slowly(asked: Asked, connection: socket.socket) -> bool:
        time.sleep(0.5)
        return ok()(asked, connection)

    service.answers = [slowly]
    gateway = start_gateway({"max_conns=128": "max_conns=1"})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: httpx.get(gateway.url + CREATE), range(4)))
    refused = [one for one in answers if one.status_code != 200]
    assert len(refused) == 3
    assert {problem_of(one) for one in refused} == {"overloaded"}
    assert len(service.asked) == 1


def test_a_services_own_problem_is_not_touched(gateway: Gateway, service: Service) -> None:
    said = b'{"type":"/api/docs/problems#busy","retry_after":3}'
    kind = "Content-Type: application/problem+json"
    service.answers = [ok(said, kind, "Retry-After: 3", status="503 Service Unavailable")]
    answer = httpx.get(gateway.url + CREATE)
    assert (answer.status_code, answer.content) == (503, said)
    assert answer.headers["Retry-After"] == "3"


def test_connections_to_a_service_are_kept(start_gateway: StartGateway, service: Service) -> None:
    gateway = start_gateway({"worker_processes 2": "worker_processes 1"})
    for _ in range(5):
        httpx.get(gateway.url + CREATE)
    assert {one.connection for one in service.asked} == {1}
