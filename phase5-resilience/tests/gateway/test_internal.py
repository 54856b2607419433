"""What services ask each other nobody reaches from outside."""

import httpx
import pytest
from gateways import Gateway, Service, problem_of
from issuing import Monolith
from waiting import wait_for

ID = "0190aaaa-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/token"),
        ("GET", "/ended-logins?since=0"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", f"/accounts/{ID}"),
        ("DELETE", f"/accounts/{ID}"),
        ("PUT", f"/accounts/{ID}/suspension"),
        ("GET", "/me/roles/member"),
        ("PUT", f"/profiles/{ID}"),
        ("DELETE", f"/profiles/{ID}?username=x"),
        ("GET", f"/people?ids={ID}"),
        ("GET", "/people/all"),
        ("GET", f"/people/{ID}/conversations"),
        ("GET", f"/people/{ID}/acquaintances?ids={ID}"),
        ("GET", f"/conversations/{ID}/changes?after=0"),
        ("PUT", f"/timelines/{ID}/epochs/1"),
        ("POST", "/standings"),
        ("POST", "/removals"),
        ("POST", f"/people/{ID}/erasure"),
        ("PUT", f"/api/v1/conversations/{ID}/messages/../../../../../timelines/{ID}/epochs/1"),
        ("PUT", f"/api/v1/auth/../../profiles/{ID}"),
        ("PUT", f"/api/v1/auth/..%2f..%2faccounts/{ID}"),
    ],
)
def test_an_internal_address_is_none_outside(
    gateway: Gateway, service: Service, method: str, path: str
) -> None:
    answer = httpx.request(method, gateway.url + path, headers={"X-Time-Left": "1"})
    assert problem_of(answer) in {"not-found", "method-not-allowed"}
    assert not service.asked


def test_how_long_somebody_waits_is_not_for_clients_to_say(
    gateway: Gateway, service: Service, monolith: Monolith
) -> None:
    token = {"Authorization": f"Bearer {monolith.token()}", "X-Time-Left": "1"}
    wait_for(
        lambda: httpx.get(f"{gateway.url}/api/v1/profiles/me", headers=token).status_code == 200
    )
    assert service.asked[-1].header("X-Time-Left") is None
    assert service.asked[-1].header("Authorization") is None
