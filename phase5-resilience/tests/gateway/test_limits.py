"""Limits as they are declared, on requests from several addresses and logins."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count

import httpx
import pytest
from gateways import Asked, Gateway, Service, StartGateway, problem_of

from chassis.buckets import Quotas
from chassis.settings import ServerSettings

REAL = Quotas(ServerSettings().limits_file, "real").policies()
LOGIN = "/api/v1/auth/login"
ADDRESSES = (f"127.{number // 250 + 1}.0.{number % 250 + 1}" for number in count())
"""All of 127.0.0.0/8 is this machine."""
ID = "019ab2ca-0001-7a17-8288-718293a4b5c6"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]

    @property
    def policy(self) -> str:
        """The name of the policy that decided."""
        return self.headers["ratelimit"].split('"')[1]

    @property
    def left(self) -> int:
        """How many more there may be at once."""
        return int(re.findall(r";r=(\d+);", self.headers["ratelimit"])[0])


@pytest.fixture
def rights() -> dict[str, str]:
    """Here it counts who asks."""
    return {}


@pytest.fixture(autouse=True)
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the system beside goes by, here the real numbers hold."""
    monkeypatch.setenv("LIMITS", "real")


def ask(
    gateway: Gateway,
    method: str,
    path: str,
    person: str = "",
    source: str = "127.0.0.1",
    proxied: str = "",
) -> Answer:
    """Ask once, from an address of this machine; `proxied` is for whom."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=5, source_address=(source, 0))
    token = gateway.monolith.token(sub=person) if person else ""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, headers={**bearer, "X-Forwarded-For": proxied})
    found = connection.getresponse()
    found.read()
    connection.close()
    return Answer(found.status, {name.lower(): value for name, value in found.getheaders()})


def admitted(gateway: Gateway, times: int, method: str, path: str, **how: str) -> int:
    """Ask so often; return how often it was passed on."""
    return sum(ask(gateway, method, path, **how).status == 200 for _ in range(times))


@pytest.mark.parametrize(
    ("method", "path", "policy"),
    [
        ("POST", "/api/v1/auth/register", "register-address"),
        ("POST", "/api/v1/auth/login", "login-address"),
        ("POST", "/api/v1/auth/%6Cogin", "login-address"),
        ("POST", "/api/v1//auth/login", "login-address"),
        ("POST", "/api/v1/auth/refresh", "refresh-address"),
        ("POST", "/api/v1/realtime/tickets", "socket-person"),
        ("GET", "/socket.io/?EIO=4&transport=websocket&ticket=x", "socket-address"),
        ("POST", f"/api/v1/conversations/{ID}/messages", "send-person"),
        ("GET", "/api/v1/profiles/search?q=ada", "search-person"),
        ("HEAD", "/api/v1/profiles/search?q=ada", "search-person"),
        ("GET", f"/api/v1/profiles?ids={ID}", "read-person"),
        ("GET", "/api/v1/system", "read-address"),
        ("GET", "/healthz", "read-address"),
        ("HEAD", "/readyz", "read-address"),
        ("PUT", f"/api/v1/conversations/{ID}/read", "write-person"),
        ("POST", "/api/v1/conversations", "write-person"),
        ("DELETE", f"/api/v1/conversations/{ID}/messages/1", "write-person"),
    ],
)
def test_each_request_is_in_its_class(
    gateway: Gateway, method: str, path: str, policy: str
) -> None:
    answer = ask(gateway, method, path, person="" if policy.endswith("-address") else "ada")
    q, w = REAL[policy]["q"], REAL[policy]["w"]
    assert answer.headers["ratelimit-policy"] == f'"{policy}";q={q};w={w}'
    assert answer.headers["ratelimit"].startswith(f'"{policy}";r={q - 1};t=')


def test_what_costs_nothing_has_no_limit(gateway: Gateway) -> None:
    assert "ratelimit" not in ask(gateway, "GET", "/").headers


def test_who_asks_too_often_is_told_to_wait_and_nobody_else_is_asked(
    gateway: Gateway, service: Service
) -> None:
    assert admitted(gateway, 15, "POST", LOGIN) == REAL["login-address"]["q"]
    assert len(service.asked) == REAL["login-address"]["q"]
    refused = httpx.post(f"{gateway.url}{LOGIN}")
    assert refused.status_code == 429
    assert problem_of(refused) == "rate-limited"
    document = refused.json()
    assert document["violated-policies"] == ["login-address"]
    assert document["retry_after"] == int(refused.headers["Retry-After"])
    reset = re.fullmatch(r'"login-address";r=0;t=(\d+)', refused.headers["RateLimit"])
    assert reset
    assert int(refused.headers["Retry-After"]) >= int(reset[1]), "as the draft asks"
    assert refused.headers["Cache-Control"] == "no-store"
    assert gateway.line_of(document["request_id"])["status"] == 429


def test_a_refusal_is_held_back_so_that_a_flood_costs_little(gateway: Gateway) -> None:
    admitted(gateway, 11, "POST", LOGIN)
    began = time.monotonic()
    assert ask(gateway, "POST", LOGIN).status == 429
    assert time.monotonic() - began >= 0.2


def test_who_waits_as_told_goes_on(gateway: Gateway) -> None:
    path = f"/api/v1/conversations/{ID}/messages"
    while (refused := ask(gateway, "POST", path, person="ada")).status == 200:
        pass
    time.sleep(int(refused.headers["retry-after"]))
    assert ask(gateway, "POST", path, person="ada").status == 200


def test_another_address_and_another_class_are_not_concerned(gateway: Gateway) -> None:
    admitted(gateway, 12, "POST", LOGIN)
    assert ask(gateway, "POST", LOGIN).status == 429
    assert ask(gateway, "POST", LOGIN, source="127.0.0.2").status == 200
    assert ask(gateway, "POST", "/api/v1/auth/refresh").status == 200


def test_people_at_one_address_have_each_their_own(gateway: Gateway) -> None:
    path, q = "/api/v1/realtime/tickets", REAL["socket-person"]["q"]
    assert q <= admitted(gateway, q + 10, "POST", path, person="ada") <= q + 2
    assert admitted(gateway, q, "POST", path, person="bob") == q
    while ask(gateway, "POST", path, person="ada").status == 200:
        pass
    refused = ask(gateway, "POST", path, person="ada", source="127.0.0.9")
    assert (refused.status, refused.policy) == (429, "socket-person"), "elsewhere too"


def test_somebody_who_is_refused_takes_nothing_from_its_neighbours(gateway: Gateway) -> None:
    path = "/api/v1/realtime/tickets"
    taken = admitted(gateway, 30, "POST", path, person="ada")
    assert taken < 30
    assert ask(gateway, "POST", path).left >= REAL["socket-address"]["q"] - taken - 1


def test_invented_tokens_are_limited_by_their_address(gateway: Gateway) -> None:
    path, q = "/api/v1/realtime/tickets", REAL["socket-address"]["q"]
    began = time.monotonic()
    with httpx.Client(base_url=gateway.url) as client:
        found = [
            client.post(path, headers={"Authorization": f"Bearer t{n}"}).status_code
            for n in range(q + 20)
        ]
    assert set(found) == {401, 429}
    drip = q * (time.monotonic() - began) / REAL["socket-address"]["w"]
    assert q <= found.count(401) <= q + drip + 1


def test_a_proxy_is_believed_about_addresses_only_if_it_is_trusted(
    start_gateway: StartGateway, service: Service
) -> None:
    gateway = start_gateway({"# 10.0.0.5/32 1;": "127.0.0.7/32 1;"})

    def from_behind(client: str, source: str) -> Answer:
        return ask(gateway, "POST", LOGIN, source=source, proxied=client)

    for _ in range(10):
        assert from_behind("192.0.2.1", "127.0.0.7").status == 200
    assert from_behind("192.0.2.1", "127.0.0.7").status == 429
    assert from_behind("198.51.100.9, 192.0.2.1", "127.0.0.7").status == 429, "the nearest counts"
    assert from_behind("192.0.2.2", "127.0.0.7").status == 200
    assert _forwarded(service.asked[-1]) == "192.0.2.2"
    assert from_behind("192.0.2.1", "127.0.0.8").status == 200, "an address of its own"
    assert _forwarded(service.asked[-1]) == "127.0.0.8"


def _forwarded(asked: Asked) -> str | None:
    return asked.header("X-Forwarded-For")


def test_an_ipv6_network_is_one_address(start_gateway: StartGateway) -> None:
    gateway = start_gateway({"# 10.0.0.5/32 1;": "127.0.0.7/32 1;"})
    same = ["2001:db8::1", "2001:db8:0:0:1::", "2001:db8:0:0:5:6:7:8", "2001:DB8::2:1"] * 3
    found = [
        ask(gateway, "POST", LOGIN, source="127.0.0.7", proxied=one).status
        for one in [*same, "2001:db8:0:1::1"]
    ]
    assert found == [200] * 10 + [429] * 2 + [200]


def test_a_reload_fills_nobodys_bucket(gateway: Gateway) -> None:
    admitted(gateway, 12, "POST", LOGIN)
    gateway.reload()
    assert ask(gateway, "POST", LOGIN).status == 429


@pytest.mark.parametrize(("chosen", "factor"), [("test", 100), ("bench", 10_000)])
def test_larger_limits_are_the_same_machinery(
    start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch, chosen: str, factor: int
) -> None:
    monkeypatch.setenv("LIMITS", chosen)
    answer = ask(start_gateway(), "POST", LOGIN)
    assert answer.headers["ratelimit-policy"] == f'"login-address";q={10 * factor};w=60'


def test_without_room_newcomers_share_a_bucket_and_nobody_is_forgotten(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway({"zone=limits:16m": "zone=limits:64k"})
    admitted(gateway, 12, "POST", LOGIN)
    with ThreadPoolExecutor(16) as threads:
        sources = [next(ADDRESSES) for _ in range(400)]
        found = list(
            threads.map(lambda one: ask(gateway, "POST", LOGIN, source=one).status, sources)
        )
    assert found[:100] == [200] * 100
    assert set(found[-50:]) == {429}, "there is no end to the room"
    assert ask(gateway, "POST", LOGIN).status == 429, "it was forgotten to make room"
