"""The configuration is read again under load: nobody who is being served notices."""

import threading
import time

import httpx
from gateways import Asked, Gateway, Service, ok

RELOADS = 5
CLIENTS = 8


def test_a_reload_drops_no_request(gateway: Gateway, service: Service) -> None:
    """Each request has a connection of its own: an idle one may be closed at any time."""

    def after_a_while(asked: Asked, connection: object) -> bool:
        time.sleep(0.02)
        return ok()(asked, connection)  # type: ignore[arg-type]

    service.answers = [after_a_while]
    stop = threading.Event()
    answers: list[int | str] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answers.append(httpx.get(f"{gateway.url}/api/v1/profiles/me").status_code)
            except httpx.TransportError as error:
                answers.append(repr(error))

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for _ in range(RELOADS):
        before = len(answers)
        gateway.reload()
        while len(answers) < before + 2 * CLIENTS:
            time.sleep(0.01)
    stop.set()
    for one in clients:
        one.join()
    assert set(answers) == {200}
    assert len(answers) >= 2 * CLIENTS * RELOADS


def test_a_reload_changes_where_a_resource_is_answered(
    gateway: Gateway, service: Service, rights: dict[str, str]
) -> None:
    other = Service([ok(b'{"from":"elsewhere"}')]).start()
    gateway.write(
        rights
        | {
            "    profiles      profiles;": "    profiles      elsewhere;",
            "upstream sockets {": f"upstream elsewhere {{ server 127.0.0.1:{other.port}; }}\n"
            "upstream sockets {",
        }
    )
    gateway.reload()
    answer = httpx.get(f"{gateway.url}/api/v1/profiles/me")
    assert answer.json() == {"from": "elsewhere"}
    assert "desc=elsewhere" in answer.headers["Server-Timing"]
    assert httpx.get(f"{gateway.url}/api/v1/conversations").json() == {"status": "ok"}
    assert (len(other.asked), len(service.asked)) == (1, 1)
    other.stop()


def test_counters_outlive_a_reload(gateway: Gateway) -> None:
    httpx.get(f"{gateway.url}/api/v1/profiles/me")
    gateway.reload()
    httpx.get(f"{gateway.url}/api/v1/profiles/me")
    assert gateway.metric("chat_gateway_requests_total", resource="profiles") == 2
