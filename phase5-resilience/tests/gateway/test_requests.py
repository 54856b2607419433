"""What the gateway takes from clients, and what of it reaches a service."""

import socket
import time
import uuid

import httpx
import pytest
from gateways import Gateway, Service, StartGateway, hang_up, ok, problem_of

from chassis.limits import BODY_MAX

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;proto=https",
    "X-Identity": "v1.admin",
    "X-Original-URL": "/metrics",
    "Via": "1.1 me",
    "Cookie": "a=b",
    "Accept-Encoding": "gzip",
}
TOLD = {
    "Host",
    "X-Request-ID",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Accept",
    "User-Agent",
}


def test_only_headers_that_a_service_knows_get_through(gateway: Gateway, service: Service) -> None:
    httpx.get(f"{gateway.url}/api/v1/system", headers=FORGED)
    (asked,) = service.asked
    assert {name for name, _ in asked.headers} == TOLD
    own = f"127.0.0.1:{gateway.port}"
    said = [asked.header(f"X-Forwarded-{one}") for one in ("For", "Host", "Proto")]
    assert said == ["127.0.0.1", own, "http"]


def test_a_proxy_is_believed_if_it_is_named(start_gateway: StartGateway, service: Service) -> None:
    gateway = start_gateway({"# 10.0.0.5/32 1;": "127.0.0.1/32 1;"})
    httpx.get(f"{gateway.url}/api/v1/system", headers=FORGED)
    (asked,) = service.asked
    assert asked.header("X-Forwarded-Host") == "elsewhere.example"
    assert asked.header("X-Forwarded-Proto") == "https"
    assert asked.header("X-Forwarded-For") == "203.0.113.9"


def test_what_a_client_says_reaches_the_service_as_it_was(
    gateway: Gateway, service: Service
) -> None:
    path = "/api/v1/conversations/a%2fb//c/messages?after=1&x=%C3%A9%20"
    headers = {"Content-Type": "application/json", "Origin": "http://x"}
    httpx.post(gateway.url + path, content=b'{"a": 1}', headers=headers)
    (asked,) = service.asked
    assert asked.line == f"POST {path} HTTP/1.1"
    assert asked.body == b'{"a": 1}'
    assert {name: asked.header(name) for name in headers} == headers


@pytest.mark.parametrize("given", ["12345678", "a.B_c-9" * 18])
def test_the_name_of_a_request_is_one_everywhere(
    gateway: Gateway, service: Service, given: str
) -> None:
    answer = httpx.get(f"{gateway.url}/api/v1/system", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == service.asked[0].header("X-Request-ID") == given


@pytest.mark.parametrize("given", [None, "", "short", "a" * 129, "a b c d e f", 'quo"te-123'])
def test_a_name_that_is_none_is_replaced_by_a_new_one(
    gateway: Gateway, service: Service, given: str | None
) -> None:
    began = time.time()
    headers = {} if given is None else {"X-Request-ID": given}
    made = [
        httpx.get(f"{gateway.url}/api/v1/system", headers=headers).headers["X-Request-ID"]
        for _ in range(3)
    ]
    assert made == [asked.header("X-Request-ID") for asked in service.asked]
    assert len(set(made)) == 3
    for one in map(uuid.UUID, made):
        assert (one.version, one.variant) == (7, uuid.RFC_4122)
        assert began - 1 < (one.int >> 80) / 1000 < time.time() + 1


def test_a_body_may_be_as_long_as_the_contract_says_and_no_longer(
    gateway: Gateway, service: Service
) -> None:
    path = f"{gateway.url}/api/v1/profiles/me"
    assert httpx.patch(path, content=b" " * BODY_MAX).status_code == 200
    for refused in (
        httpx.patch(path, content=b" " * (BODY_MAX + 1)),
        httpx.patch(path, content=iter([b" " * 8192] * 9)),
    ):
        assert (refused.status_code, problem_of(refused)) == (413, "payload-too-large")
    assert [len(asked.body) for asked in service.asked] == [BODY_MAX]


def test_a_body_that_is_refused_is_not_waited_for(gateway: Gateway) -> None:
    began = time.monotonic()
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() < began + 3, "sooner than the patience with bodies"


@pytest.mark.parametrize(
    "half",
    [
        b"GET /api/v1/system HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["head", "body"],
)
def test_half_a_request_is_ended_and_no_service_has_noticed(
    start_gateway: StartGateway, service: Service, half: bytes
) -> None:
    gateway = start_gateway(
        {
            "client_header_timeout 5s": "client_header_timeout 200ms",
            "client_body_timeout 5s": "client_body_timeout 200ms",
        }
    )
    assert gateway.raw(half) == b""
    assert service.asked == []


def test_a_head_that_comes_in_drops_is_ended_too(
    start_gateway: StartGateway, service: Service
) -> None:
    gateway = start_gateway({"client_header_timeout 5s": "client_header_timeout 300ms"})

    def drip() -> None:
        with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            for _ in range(100):
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        drip()
    assert service.asked == []


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /api/v1/system HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /api/v1/system HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        b"GET /api/v1/system HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["no request", "no host", "two hosts", "two lengths", "two tokens", "head", "path"],
)
def test_what_cannot_be_read_is_a_problem_with_an_id(
    gateway: Gateway, service: Service, sent: bytes
) -> None:
    head, _, body = gateway.raw(sent).decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    answer = httpx.Response(int(first.split()[1]), headers=headers, text=body)
    assert (answer.status_code, problem_of(answer)) == (400, "bad-request")
    assert service.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "/../x",
        "/a/..%2f%2E./x",
        "/metrics",
        "/main.js",
        "/web/../metrics",
        "/nothing",
        "/plain/index.html",
        "/api/v1",
        "/api",
    ],
)
def test_what_is_no_resource_reaches_no_service(
    gateway: Gateway, service: Service, path: str
) -> None:
    with httpx.Client() as client:
        url = httpx.URL(gateway.url).copy_with(raw_path=path.encode())
        answer = client.get(url)
    assert (answer.status_code, problem_of(answer)) == (404, "not-found")
    assert service.asked == []


def test_which_methods_there_are_a_service_says(gateway: Gateway, service: Service) -> None:
    service.answers = [ok(b"{}", "Allow: GET, PATCH", status="405 Method Not Allowed")]
    for method in ("TRACE", "PUT", "FOO"):
        answer = httpx.request(method, f"{gateway.url}/api/v1/profiles/me")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")
    assert [asked.line.split()[0] for asked in service.asked] == ["TRACE", "PUT", "FOO"]


@pytest.mark.parametrize(
    ("given", "told"),
    [(b"", None), (b"Origin: http://x\r\n", "http://x"), (b"Origin:\r\n", "null")],
)
def test_a_page_that_says_nothing_of_itself_is_not_taken_for_a_program(
    gateway: Gateway, service: Service, given: bytes, told: str | None
) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    service.answers = [hang_up]
    gateway.raw(b"GET /socket.io/ HTTP/1.0\r\nHost: x\r\n" + upgrade + given + b"\r\n")
    assert service.asked[0].header("Origin") == told


def test_a_socket_is_a_tunnel(gateway: Gateway, service: Service) -> None:
    def switch(_: object, connection: socket.socket) -> bool:
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        connection.sendall(connection.recv(5)[::-1])
        return False

    service.answers = [switch]
    handshake = (
        "GET /socket.io/?ticket=secret HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: abc\r\n\r\nhello"
    )
    assert gateway.raw(handshake.encode()).endswith(b"\r\n\r\nolleh")
    asked = service.asked[0]
    assert (asked.header("Upgrade"), asked.header("Connection")) == ("websocket", "upgrade")
    assert (asked.header("Sec-WebSocket-Key"), asked.header("Origin")) == ("abc", "http://x")


@pytest.mark.parametrize("path", ["/socket.io/../healthz", "/socket.io/..%2fapi/v1/system"])
def test_no_other_address_opens_a_socket_however_it_is_written(
    gateway: Gateway, service: Service, path: str
) -> None:
    """The service gets the path as it was written, and might see a socket's address in it."""
    asked = f"GET {path} HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    gateway.raw(asked.encode())
    assert [one.header("Connection") for one in service.asked] == [None]
